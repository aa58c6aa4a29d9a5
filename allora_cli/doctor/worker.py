"""Checks of the worker: its only host, secrets, wallet, topics and open port."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from allora_cli import chain
from allora_cli.aws.other_hosts import find_other_hosts
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, skipped, unknown, warning
from allora_cli.doctor.state import known_hosts
from allora_cli.terraform.state import hosts_elsewhere
from allora_cli.wallet.funding import funding_of
from allora_cli.wallet.secrets import list_secrets
from allora_cli.wallet.store import read_wallet
from containers.worker.allora_worker.contract import Role, Secret
from containers.worker.allora_worker.loss_names import REMEDY, obstacle
from containers.worker.allora_worker.money import UALLO

_EVERYBODY: Final = "0.0.0.0/0"


def check_other_hosts(context: CheckContext) -> Finding:
    """Check that no other host in this account and region has the wallet: the chain takes one."""
    settings = context.settings
    known = known_hosts(context)
    context.deployed = bool(known)
    others = find_other_hosts(context.ec2, settings.worker_name, known)
    if others and context.was_killed:
        return warning(
            f"{', '.join(others)} is not in the state: a killed run has left it",
            "allora deploy asks to remove it, and what else that run has left",
            others=others,
        )
    if others:
        return fail(
            f"{', '.join(others)} has the same wallet, and is not in the state",
            f"if a killed run has left it: allora state remove {' '.join(others)}; otherwise give "
            "one of the two another ALLORA_WORKER_NAME and wallet",
            others=others,
        )
    if elsewhere := hosts_elsewhere(known, settings.aws_region):
        shown = ", ".join(f"{id_} in {zone}" for id_, zone in elsewhere.items())
        return fail(
            f"AWS_REGION is {settings.aws_region}, but the state has {shown}",
            "set AWS_REGION back; to move, first: allora destroy",
            elsewhere=elsewhere,
        )
    return ok(f"{', '.join(sorted(known))} is the only one" if known else "none, nothing deployed")


def check_secrets(context: CheckContext) -> Finding:
    """Check that the host's secrets are stored, without decrypting them."""
    settings, names = context.settings, context.names
    kinds = {
        secret.parameter.removeprefix(f"{names.secrets_prefix}/"): secret.kind
        for secret in list_secrets(context.ssm, names.parameters)
        if secret.version
    }
    context.stored_secrets = frozenset(kinds)
    required = {f"model/{name}" for name in settings.model_secrets}
    if not settings.worker_image:  # the operator's own image may have no use for the wallet
        required.add(Secret.MNEMONIC)
    missing = sorted(required - kinds.keys())
    facts = {"stored": sorted(kinds), "missing": missing}
    if missing:
        remedy = "\n".join(_how_to_store(each, context.option) for each in missing)
        return fail(f"not stored: {', '.join(missing)}", remedy, **facts)
    if plain := sorted(name for name, kind in kinds.items() if kind != "SecureString"):
        return warning(
            f"not encrypted: {', '.join(plain)}", "store them again with --replace", **facts
        )
    return ok(", ".join(sorted(kinds)) or "none needed", **facts)


def check_wallet(context: CheckContext) -> Finding:
    """Check that the stored words are a wallet."""
    wallet = read_wallet(context.ssm, context.names.wallet)
    if wallet is None and context.settings.worker_image:
        return ok("none is stored: ALLORA_WORKER_IMAGE is your own")
    if wallet is None:
        return skipped("secrets", "Secrets")
    if wallet.address is None:
        return fail(
            "the stored words are no wallet: one is misspelt, missing or out of place",
            f"allora wallet import --replace{context.option}",
        )
    context.address = wallet.address
    return ok(wallet.address, address=wallet.address)


def check_balance(context: CheckContext) -> Finding:
    """Check that the wallet can pay for its transactions."""
    settings, address = context.settings, context.address
    if address is None:
        return unknown("the wallet of ALLORA_WORKER_IMAGE is not known here")
    try:
        uallo = chain.balance(settings.api_url, address)
    except chain.ChainError as error:
        return unknown(str(error))
    context.uallo = uallo
    shown, facts = chain.allo(uallo), {"uallo": uallo}
    if uallo == 0 or uallo < settings.alarm_balance * UALLO:
        faucet = funding_of(settings).faucet
        how = f"get some for {address}: {faucet}" if faucet else f"send ALLO to {address}"
        return warning(f"{shown} will not last", how, **facts)
    return ok(shown, **facts)


def check_topics(context: CheckContext) -> Finding:
    """Check that the topics exist, and are active."""
    settings = context.settings
    try:
        topics = {each: chain.find_topic(settings.api_url, each) for each in settings.topic_ids}
    except chain.OtherVersionError as error:
        return warning(
            f"{error}: the network speaks another protocol than the worker's SDK",
            "change ALLORA_SDK_VERSION: allora update --help",
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
    context.topic_names = {topic.id: topic.name for topic in topics.values() if topic}
    named = "; ".join(f"{topic.id} {topic.name}" for topic in topics.values() if topic)
    if settings.worker_role == Role.REPUTER and (obstacles := _unmeasurable(topics.values())):
        return fail(f"{'; '.join(obstacles)}: a reputer cannot work there", REMEDY, **facts)
    if idle := [str(topic.id) for topic in topics.values() if topic and not topic.active]:
        return warning(
            f"{named}; not active: {', '.join(idle)}",
            "the network asks for no inferences there until it is active again",
            **facts,
        )
    return ok(named, **facts)


def _unmeasurable(topics: Iterable[chain.TopicSummary | None]) -> list[str]:
    """Return why a reputer cannot measure losses in some of the topics."""
    found = (
        obstacle(each.id, each.loss_method, has_labels=each.has_labels) for each in topics if each
    )
    return [each for each in found if each]


def check_exposure(context: CheckContext) -> Finding:
    """Check which networks reach the worker's port, the only open one, and for what."""
    settings = context.settings
    networks = list(settings.ingress_cidrs)
    facts = {"port": settings.worker_port, "cidrs": networks}
    if not networks:
        return ok("no port is open", **facts)
    is_public = _EVERYBODY in networks
    door = f"TCP {settings.worker_port} is open to {'all' if is_public else ', '.join(networks)}"
    if settings.worker_image:
        return ok(f"{door}; ALLORA_WORKER_IMAGE decides what it answers", **facts)
    if context.stored_secrets is None:
        return ok(f"{door}; /health needs no token", **facts)
    if Secret.INFERENCE_TOKEN not in context.stored_secrets:
        return ok(f"{door}, only for /health: no inference-token", **facts)
    if is_public:
        return warning(
            f"{door}; the inference-token crosses the internet unencrypted",
            "ALLORA_INGRESS_CIDRS: your consumers' networks, or none",
            **facts,
        )
    return ok(f"{door}: /health, and inferences for the inference-token", **facts)


def _how_to_store(secret: str, option: str) -> str:
    if secret == Secret.MNEMONIC:
        return f"allora wallet create{option} (or: allora wallet import{option})"
    return f"allora secret set {secret}{option}"
