"""Tells secrets from settings: by the name of a variable, and by the look of a value."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

AWS_CREDENTIALS = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}
)
"""The AWS tools' own variables
(https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html)."""

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:KEY|PASS|PWD)$"
    r"|API_?KEY|AUTH_?TOKEN|_TOKEN(?:$|_)"
    r"|SECRET|PASSWORD|PASSWD|PASSPHRASE|MNEMONIC|CREDENTIAL|PRIVATE_?KEY"
)
_PUBLIC_NAME = re.compile(r"PUBLIC_?KEY$")

_WORD = "[a-z]{3,8}"  # the words of BIP-39 have three to eight letters
_MNEMONIC_LENGTHS = (12, 15, 18, 21, 24)
"""https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki#generating-the-mnemonic"""

_SECRET_VALUES = {
    "a wallet mnemonic": re.compile(
        "|".join(rf"{_WORD}(?:\s+{_WORD}){{{count - 1}}}" for count in _MNEMONIC_LENGTHS),
        re.IGNORECASE,
    ),
    "a private key": re.compile(
        r".*-----BEGIN [A-Z ]*PRIVATE KEY-----.*|(?:0x)?[0-9a-f]{64}", re.DOTALL | re.IGNORECASE
    ),
    "an AWS access key": re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    "a GitHub token": re.compile(r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}"),
    "a CoinGecko API key": re.compile(r"CG-[A-Za-z0-9]{20,}"),
    "an Allora API key": re.compile(r"UP-[0-9a-f]{20,}"),
}


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret: CG_API_KEY does, TOKEN does not."""
    upper = name.upper()
    if upper in AWS_CREDENTIALS:
        return True
    return bool(_SECRET_NAME.search(upper)) and not _PUBLIC_NAME.search(upper)


_REVEALING_URL = "a URL with a password or a key in it"


def secret_kind(value: str) -> str | None:
    """What kind of secret a value looks like, e.g. "a wallet mnemonic"; None for none."""
    bare = value.strip()
    for kind, pattern in _SECRET_VALUES.items():
        if pattern.fullmatch(bare):
            return kind
    if "://" in bare and _url_holds_secret(bare):
        return _REVEALING_URL
    return None


def _url_holds_secret(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # not a URL: the check of the setting says so
        return "@" in url
    return "@" in parts.netloc or any(is_secret_name(name) for name, _ in parse_qsl(parts.query))


def remedy_for(name: str) -> str:
    """What to do with a secret of this name that was found in the settings."""
    upper = name.upper()
    if upper in AWS_CREDENTIALS:
        return "remove the line; `aws configure` or `aws sso login`, and AWS_PROFILE if need be"
    if "MNEMONIC" in upper:
        return "remove the line; pipenv run allora wallet import"
    if upper == "ALLORA_API_KEY":
        return "remove the line; pipenv run allora secret set api-key"
    if upper == "ALLORA_INFERENCE_TOKEN":
        return "remove the line; pipenv run allora secret set inference-token"
    return f"remove the line, {_model_secret(name)}, if the model needs it"


def remedy_for_kind(kind: str) -> str:
    """What to do with a value that looks like this kind of secret."""
    if kind == _REVEALING_URL:
        return "use a URL without user, password and key"
    if kind == "a wallet mnemonic":
        return remedy_for("MNEMONIC")
    return "remove it, and revoke it if anybody else could read this file"


def remedy_for_model(names: Iterable[str]) -> str:
    """What to do with secrets of these names that were found inside MODEL_ENV_VARS."""
    return "; ".join(f"remove it there, {_model_secret(name)}" for name in names)


def _model_secret(name: str) -> str:
    return f"add {name} to MODEL_SECRETS, and: pipenv run allora secret set model/{name}"
