"""Turns the text of one setting into its value, or says what is wrong with it.

Every function takes the text as it is written and raises `fault()`. The message is the rest of a
sentence that begins with the value: "'12345' is not an AWS account id".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from settings.catalogue import catalogue
from settings.env_file import parse_env_text
from settings.errors import fault
from settings.secret_rules import (
    assigned_secrets,
    is_secret_name,
    remedy_for_model,
    secret_kind,
)
from settings.shown import shown

PRIVATE_NETWORKS = tuple(
    IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
"""RFC 1918 and RFC 6598 (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html)."""

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

PLACEHOLDERS = ("{Token}", "{TopicId}", "{BlockHeight}")
"""What the worker replaces in the URL of an inference."""

MAX_INGRESS_CIDRS = 60
"""AWS's default quota of inbound rules per security group
(https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html)."""

_MAX_TOPIC_ID = 2**64 - 1  # a topic id is an unsigned 64-bit number on the chain

_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
"""https://pkg.go.dev/github.com/distribution/reference#pkg-overview"""

_BUCKET_FORBIDDEN = re.compile(
    r"\.\.|^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$"
    r"|^\d+\.\d+\.\d+\.\d+$"
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

_REF_FORBIDDEN = re.compile(r"\.\.|//|@\{|(?:^|/)\.|^[-/]|(?:\.lock|\.|/)$|\.lock/|^@$")
"""https://git-scm.com/docs/git-check-ref-format"""

_MULTIADDR = re.compile(
    r"/(?:ip4/[0-9.]+|(?:dns|dns4|dns6)/[A-Za-z0-9.-]+|ip6/[0-9a-fA-F:]+)"
    r"/tcp/[0-9]{1,5}(?:/wss?)?/p2p/[1-9A-HJ-NP-Za-km-z]{46,59}"
)
"""https://github.com/libp2p/specs/blob/master/addressing/README.md"""

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the known ones that are close, if any."""
    from difflib import get_close_matches  # noqa: PLC0415 - 8 ms that only a mistake costs

    folded = {name.casefold(): name for name in known}
    close = [folded[match] for match in get_close_matches(word.casefold(), folded, n=2, cutoff=0.7)]
    return f"; did you mean {' or '.join(close)}?" if close else "."


def matching(pattern: str, message: str, remedy: str = "") -> Callable[[str], str]:
    """A check that the whole text matches a regular expression."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise fault(message, remedy)
        return text

    return check


def optional(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    """The same check for a setting whose default, None, is validated too."""
    return lambda text: None if text is None else check(text)


def one_of(
    *choices: str, aliases: Mapping[str, str] = MappingProxyType({})
) -> Callable[[str], str]:
    """A check for one of these words, in any case; an alias stands for the word that it maps to."""

    def check(text: str) -> str:
        folded = text.casefold()
        for choice in (*choices, *aliases):
            if choice.casefold() == folded:
                return aliases.get(choice, choice)
        raise fault(f"is none of {', '.join(choices)}{did_you_mean(text, choices)}")

    return check


def whole_number(low: int, high: int, unit: str = "") -> Callable[[str], int]:
    """A check for a whole number between these two, both included."""
    limits = f"a whole number from {low} to {high}" + (f" ({unit})" if unit else "")

    def check(text: str) -> int:
        # int() alone would take "1_000", " 5" and the digits of other scripts
        if not re.fullmatch(r"[0-9]{1,20}", text) or not low <= int(text) <= high:
            raise fault(f"is not {limits}.")
        return int(text)

    return check


def amount_of_allo(text: str) -> Decimal:
    """An amount of money, as exact as the chain counts it."""
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,18})?", text):
        raise fault(
            "is not an amount of ALLO.",
            "a number with at most 18 digits after the point, as in 0.5",
        )
    return Decimal(text)


def price_in_allo(text: str) -> Decimal:
    """An amount of money that something may cost: more than nothing."""
    amount = amount_of_allo(text)
    if not amount:
        raise fault("is nothing at all.", "an amount of ALLO above 0, as in 0.01")
    return amount


def retention_days(text: str) -> int:
    """A number of days that CloudWatch Logs can keep events for."""
    days = whole_number(1, LOG_RETENTION_DAYS[-1], "days")(text)
    if days not in LOG_RETENTION_DAYS:
        below = max(choice for choice in LOG_RETENTION_DAYS if choice < days)
        above = min(choice for choice in LOG_RETENTION_DAYS if choice > days)
        raise fault(
            "is not a retention that CloudWatch Logs offers.", f"take {below} or {above} days"
        )
    return days


def region(text: str) -> str:
    """The name of a region."""
    regions = catalogue().regions
    if text not in regions:
        raise fault(f"is not an AWS region that this release knows{did_you_mean(text, regions)}")
    return text


def bucket_name(text: str) -> str:
    """The name of an S3 bucket."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text) or _BUCKET_FORBIDDEN.search(
        text
    ):
        raise fault(
            "is not a valid name for an S3 bucket.",
            "3 to 63 lower-case letters, digits and hyphens, as in allora-tfstate-123456789012",
        )
    return text


def network(text: str) -> IPv4Network:
    """An IPv4 network in CIDR notation, without host bits."""
    try:
        loose = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        kind = "is an IPv6 network; only IPv4 is used" if ":" in text else "is not an IPv4 network"
        raise fault(f"{kind}.", "CIDR notation, as in 10.0.0.0/16") from None
    if text != str(loose):
        raise fault("is not written as a network in CIDR notation.", f"did you mean {loose}?")
    return loose


def aws_cidr(text: str) -> str:
    """A private network of a size that AWS allows for a VPC and for a subnet."""
    block = network(text)
    if not 16 <= block.prefixlen <= 28:  # noqa: PLR2004 - see the message
        raise fault("is too large or too small for AWS.", "use a mask from /16 to /28")
    if not any(block.subnet_of(private) for private in PRIVATE_NETWORKS):
        blocks = ", ".join(map(str, PRIVATE_NETWORKS))
        raise fault("is not a private network.", f"use a part of {blocks}")
    return text


def ingress_cidrs(text: str) -> tuple[str, ...]:
    """The networks that may reach the worker; none for the word "none"."""
    if text.strip().casefold() == "none":
        return ()
    blocks = comma_list(text)
    for block in blocks:
        if block.casefold() == "none":
            raise fault("has the word none among networks.", "write none alone, or networks only")
        if "/" not in block:
            raise fault(
                f"has {shown(block)}, which has no mask.", f"one address is written {block}/32"
            )
        network(block)
    if len(blocks) > MAX_INGRESS_CIDRS:
        raise fault(
            f"has {len(blocks)} networks; a security group takes {MAX_INGRESS_CIDRS} rules.",
            "join neighbouring networks",
        )
    return blocks


def comma_list(text: str) -> tuple[str, ...]:
    """The items of a comma-separated list, each once, without the blanks around them."""
    items = tuple(item.strip() for item in text.split(","))
    if "" in items:
        raise fault("has an empty item.", "separate items by one comma each, with none at the end")
    for item in items:
        if items.count(item) > 1:
            raise fault(f"has {shown(item)} twice.", "list each item once")
    return items


def topic_ids(text: str) -> tuple[int, ...]:
    """The ids of the topics to serve."""
    return tuple(whole_number(1, _MAX_TOPIC_ID, "topic id")(item) for item in comma_list(text))


def image(text: str) -> str:
    """A reference to a container image."""
    if len(text) > 255 or not _IMAGE.fullmatch(text):  # noqa: PLR2004 - the grammar's own limit
        raise fault(
            "is not a reference to a container image.",
            "name:tag or name@sha256:…, in lower case, as in ghcr.io/you/model:1.4.0",
        )
    return text


def is_moving_image(reference: str) -> bool:
    """Whether the same reference can mean another image tomorrow without anybody moving a tag."""
    if "@" in reference:
        return False
    tag = reference.rpartition("/")[2].partition(":")[2]
    return tag in ("", "latest")


def boot_nodes(text: str) -> str:
    """The addresses of head nodes, as a worker of the blueprint's kind takes them."""
    for address in comma_list(text):
        if not _MULTIADDR.fullmatch(address):
            raise fault(
                f"has {shown(address)}, which is not the multiaddress of a head node.",
                "as in /dns4/heads.example.com/tcp/9010/p2p/12D3KooW…",
            )
    return text


def inference_endpoint(text: str) -> str:
    """The URL that the worker asks for an inference."""
    bare = text
    for placeholder in PLACEHOLDERS:
        bare = bare.replace(placeholder, "x")
    if "{" in bare or "}" in bare:
        raise fault("has an unknown placeholder.", f"the known ones are {', '.join(PLACEHOLDERS)}")
    _url(bare, ("http", "https"), "http://model:8000/inference/{Token}")
    return text


def grpc_url(text: str) -> str:
    """The gRPC endpoint of the chain, as the Allora SDK takes it."""
    example = "grpc+https://allora-grpc.testnet.allora.network:443"
    parts = _url(text, ("grpc+https", "grpc+http"), example)
    if parts.path.strip("/") or parts.query:
        raise fault("has a path, which gRPC has no use for.", f"as in {example}")
    return text


def websocket_url(text: str) -> str:
    """The websocket of the chain's RPC."""
    _url(text, ("wss", "ws"), "wss://allora-rpc.testnet.allora.network/websocket")
    return text


def api_url(text: str) -> str:
    """The chain's REST interface; without a slash at the end."""
    parts = _url(text, ("https", "http"), "https://allora-api.testnet.allora.network")
    if parts.query or parts.fragment:
        raise fault("has more than host and path.", "https://allora-api.testnet.allora.network")
    return text.rstrip("/")


def model_repo(text: str) -> str:
    """The URL of a git repository that anybody can read."""
    example = "https://github.com/allora-network/basic-coin-prediction-node"
    if "/tree/" in text or "/blob/" in text:
        raise fault(
            "is the page of a branch or a file.",
            f"the repository alone, as in {example}, and MODEL_REF",
        )
    parts = _url(text, ("https",), example)
    if (
        not parts.path.strip("/")
        or parts.query
        or not re.fullmatch(r"[A-Za-z0-9._~/%+-]+", parts.path)
    ):
        raise fault("is not the URL of a git repository.", f"as in {example}")
    return text


def _url(text: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise fault("is not a URL.", f"as in {example}") from None
    if parts.scheme not in schemes:
        raise fault(
            f"does not begin with {' or '.join(f'{s}://' for s in schemes)}.", f"as in {example}"
        )
    if (
        not parts.hostname
        or port == 0
        or parts.fragment
        or not re.fullmatch(r"[A-Za-z0-9.-]+|[0-9a-f:.]+", parts.hostname)
        or not re.fullmatch(r"[!-~]+", text)
        or re.search(r"[\"'`<>\\^|]", text)
    ):
        raise fault("is not a complete URL.", f"as in {example}")
    return parts


def git_ref(text: str) -> str:
    """A branch, a tag or a commit; never something that git could take for an option."""
    if not re.fullmatch(r"[A-Za-z0-9._/@+#=-]{1,255}", text) or _REF_FORBIDDEN.search(text):
        raise fault(
            "is not the name of a branch, a tag or a commit.",
            "as in v1.2.0, or 40 digits of a commit",
        )
    return text


def is_short_commit(ref: str) -> bool:
    """Whether this looks like an abbreviated commit, which no server resolves."""
    return bool(re.fullmatch(r"(?=.*[0-9])[0-9a-f]{7,39}", ref))


def model_env(text: str) -> Mapping[str, str]:
    """The variables of the model server, byte for byte; those that are secrets must be empty."""
    parsed = parse_env_text(text)
    if parsed.problems or "\0" in text:
        line = (
            parsed.problems[0].line if parsed.problems else text[: text.index("\0")].count("\n") + 1
        )
        raise fault(
            f"is not KEY=VALUE lines: see line {line} of the value.",
            "one KEY=VALUE a line, quoted by \" when the whole is quoted by '",
        )
    names = [entry.key for entry in parsed.entries]
    for name in names:
        if not _VARIABLE_NAME.fullmatch(name) or secret_kind(name):
            raise fault(
                f"has {shown(name)}, which is not a name for a variable.", "letters, digits, _"
            )
        if names.count(name) > 1:
            raise fault(f"sets {name} twice.", "remove one of them")
    secrets = [
        entry.key
        for entry in parsed.entries
        if (is_secret_name(entry.key) and entry.value) or secret_kind(entry.value)
    ]
    if secrets:
        raise fault(
            f"holds {' and '.join(secrets)}: by name or look, a secret.", remedy_for_model(secrets)
        )
    return MappingProxyType(
        {entry.key: entry.value for entry in parsed.entries if not is_secret_name(entry.key)}
    )


def model_command(text: str) -> str:
    """The command of the model's container, in words; without a secret among them."""
    if secrets := assigned_secrets(text):
        raise fault(f"sets {' and '.join(secrets)}: by name, a secret.", remedy_for_model(secrets))
    return text


def variable_names(text: str) -> tuple[str, ...]:
    """A comma-separated list of names for environment variables."""
    # before comma_list, whose messages repeat items: one may be a secret, put here by mistake
    if not all(_VARIABLE_NAME.fullmatch(name.strip()) for name in text.split(",")):
        raise fault(
            "is not a list of variable names.", "names only, never values, as in CG_API_KEY,DB_URL"
        )
    return comma_list(text)
