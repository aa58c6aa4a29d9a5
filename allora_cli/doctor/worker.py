"""What is the worker's own: its secrets, wallet, topics, door, and that there is only one of it."""

from __future__ import annotations

from itertools import islice
from typing import Final

from allora_cli import chain
from allora_cli.aws.other_hosts import find_other_hosts
from allora_cli.doctor.check_context import QUICK, CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, skipped, unknown, warning
from allora_cli.doctor.state import known_hosts
from allora_cli.terraform.state import hosts_elsewhere
from allora_cli.wallet.mnemonic import address_of, is_wallet
from containers.worker.allora_worker.contract import FAUCET, Secret
from containers.worker.allora_worker.money import UALLO

_EVERYBODY: Final = "0.0.0.0/0"
_BATCH: Final = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""

_FUNDING: Final = {
    "testnet": f"get some for {{address}}: {FAUCET}",
    "mainnet": "send ALLO to {address}",
}


def look_for_other_hosts(context: CheckContext) -> Finding:
    """Whether another host runs that reads the same wallet: the chain takes one at a time.

    Only in this account and region: nobody can look into all others.
    """
    settings = context.settings
    known = known_hosts(context)
    context.deployed = bool(known)
    ec2 = context.client(lambda session: session.client("ec2", config=QUICK))
    others = find_other_hosts(ec2, settings.worker_name, known)
    if others:
        return fail(
            f"{', '.join(others)} has the same wallet, and is not in the state",
            f"end it: aws ec2 terminate-instances --instance-ids {' '.join(others)}; or give one "
            "of both another ALLORA_WORKER_NAME and wallet",
            others=others,
        )
    if elsewhere := hosts_elsewhere(known, settings.aws_region):
        shown = ", ".join(f"{id_} in {zone}" for id_, zone in elsewhere.items())
        return fail(
            f"AWS_REGION is {settings.aws_region}, and the state has {shown}",
            "set AWS_REGION back; to move, first: pipenv run allora destroy",
            elsewhere=elsewhere,
        )
    return ok(f"{', '.join(sorted(known))} is the only one" if known else "none, nothing deployed")


def look_at_secrets(context: CheckContext) -> Finding:
    """Whether the secrets are stored that the host waits for. They are not decrypted."""
    settings, names = context.settings, context.names
    ssm = context.client(lambda session: session.client("ssm", config=QUICK))
    found: dict[str, str] = {}
    rest = iter(names.parameters)
    while batch := list(islice(rest, _BATCH)):
        answer = ssm.get_parameters(Names=batch, WithDecryption=False)
        found |= {each["Name"]: each["Type"] for each in answer["Parameters"]}
    stored = {name.removeprefix(f"{names.secrets_prefix}/") for name in found}
    context.stored_secrets = frozenset(stored)
    required = {f"model/{name}" for name in settings.model_secrets}
    if not settings.worker_image:  # somebody else's may have its own way to a key
        required.add(Secret.MNEMONIC)
    facts = {"stored": sorted(stored), "missing": sorted(required - stored)}
    if missing := sorted(required - stored):
        return fail(
            f"not stored: {', '.join(missing)}", "\n".join(map(_how_to_store, missing)), **facts
        )
    plain = sorted(name for name, kind in found.items() if kind != "SecureString")
    if plain:
        return warning(
            f"not encrypted: {', '.join(plain)}", "store them again with --replace", **facts
        )
    return ok(", ".join(sorted(stored)) or "none needed", **facts)


def look_at_wallet(context: CheckContext) -> Finding:
    """Whether the stored words are a wallet, and which."""
    ssm = context.client(lambda session: session.client("ssm", config=QUICK))
    try:
        parameter = ssm.get_parameter(Name=context.names.wallet, WithDecryption=True)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        return skipped("needs: Secrets")
    words = " ".join(parameter["Value"].split())
    if not is_wallet(words):
        return fail(
            "the stored words are no wallet: one is misspelt, missing or out of place",
            "pipenv run allora wallet import --replace",
        )
    context.address = address_of(words)
    return ok(context.address, address=context.address)


def look_at_balance(context: CheckContext) -> Finding:
    """Whether the wallet can pay for its transactions."""
    settings, address = context.settings, str(context.address)
    try:
        uallo = chain.balance(settings.api_url, address)
    except chain.ChainError as error:
        return unknown(str(error))
    shown, facts = chain.allo(uallo), {"uallo": uallo}
    if uallo == 0 or uallo < settings.alarm_balance * UALLO:
        how = _FUNDING[settings.allora_network].format(address=address)
        return warning(f"{shown} will not last", how, **facts)
    return ok(shown, **facts)


def look_at_topics(context: CheckContext) -> Finding:
    """Whether the topics exist, and are active."""
    settings = context.settings
    try:
        topics = {each: chain.find_topic(settings.api_url, each) for each in settings.topic_ids}
    except chain.OtherVersionError as error:
        return warning(
            f"{error}: the network speaks another protocol than the worker's SDK",
            "pipenv run allora update --help tells how to change ALLORA_SDK_VERSION",
        )
    except chain.ChainError as error:
        return unknown(str(error))
    facts = {
        "topics": [
            {"id": each, "name": topic and topic.name, "active": topic and topic.active}
            for each, topic in topics.items()
        ]
    }
    if missing := [str(each) for each, topic in topics.items() if topic is None]:
        return fail(
            f"{settings.allora_network} has no topic {', '.join(missing)}",
            "correct ALLORA_WORKER_TOPIC_ID: https://docs.allora.network/api/topics.json",
            **facts,
        )
    named = "; ".join(f"{topic.id} {topic.name}" for topic in topics.values() if topic)
    if idle := [str(topic.id) for topic in topics.values() if topic and not topic.active]:
        return warning(
            f"{named}; not active: {', '.join(idle)}",
            "the network asks for no inferences there until it is active again",
            **facts,
        )
    return ok(named, **facts)


def look_at_exposure(context: CheckContext) -> Finding:
    """Who reaches the worker's port, and for what. Nothing else is open."""
    settings = context.settings
    networks = list(settings.ingress_cidrs)
    facts = {"port": settings.worker_port, "cidrs": networks}
    if not networks:
        return ok("no port is open", **facts)
    who = "everybody" if _EVERYBODY in networks else ", ".join(networks)
    door = f"TCP {settings.worker_port} is open to {who}"
    if settings.worker_image:
        return ok(f"{door}; ALLORA_WORKER_IMAGE decides what it answers", **facts)
    if context.stored_secrets is None:
        return ok(f"{door}; /health needs no token", **facts)
    if Secret.INFERENCE_TOKEN not in context.stored_secrets:
        return ok(f"{door}, /health alone: no inference-token", **facts)
    if who == "everybody":
        return warning(
            f"{door}; the inference-token crosses the internet unencrypted",
            "ALLORA_INGRESS_CIDRS: your consumers' networks, or none",
            **facts,
        )
    return ok(f"{door}: /health, and inferences for the inference-token", **facts)


def _how_to_store(secret: str) -> str:
    if secret == Secret.MNEMONIC:
        return "pipenv run allora wallet create (or: wallet import)"
    return f"pipenv run allora secret set {secret}"
