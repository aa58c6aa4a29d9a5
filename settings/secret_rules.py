"""Recognise secrets by a variable's name or a value's form."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from shared.wallet_library import mnemonic_words

AWS_CREDENTIALS = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}
)
"""(https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html)."""

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:KEY|PASS|PWD)$"
    r"|API_?KEY|AUTH_?TOKEN|_TOKEN(?:$|_)"
    r"|SECRET|PASSWORD|PASSWD|PASSPHRASE|MNEMONIC|CREDENTIAL|PRIVATE_?KEY"
)
_PUBLIC_NAME = re.compile(r"PUBLIC_?KEY$")

_WORD = "[a-z]{3,8}"  # the words of BIP-39 have three to eight letters
_MNEMONIC_LENGTHS = (12, 15, 18, 21, 24)
"""https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki#generating-the-mnemonic"""
_MNEMONIC = re.compile(
    "|".join(rf"{_WORD}(?:\s+{_WORD}){{{count - 1}}}" for count in _MNEMONIC_LENGTHS),
    re.IGNORECASE,
)
_MOST_MISTYPED = 1  # of the twelve words of a mnemonic


def _token(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that matches whole words only."""
    return re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])")


_SECRET_VALUES = {
    "a private key": re.compile(
        # but not an image's digest, which looks alike
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
        r"|(?<![0-9A-Za-z])(?<!sha256[:=@/-])(?:0x)?[0-9a-f]{64}(?![0-9A-Za-z])"
        r"|AGE-SECRET-KEY-1[0-9A-Z]{58}",
        re.IGNORECASE,
    ),
    "an AWS access key": _token("(?:AKIA|ASIA)[A-Z0-9]{16}"),
    "a GitHub token": _token("gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}"),
    "a CoinGecko API key": _token("CG-[A-Za-z0-9]{20,}"),
    "an Allora API key": _token("UP-[0-9a-f]{20,}"),
    "a Hugging Face token": _token("hf_[A-Za-z0-9]{30,}"),
    "an API key": _token(
        "sk-(?=[a-z0-9_-]*[A-Z])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{32,}|AIza[A-Za-z0-9_-]{35}"
    ),
}

_ASSIGNMENT = re.compile(r"(?<![\w-])([A-Za-z_]\w*)=[\"']?[^\s\"'/$`]")
"""A variable that a command sets, except to a path or to the content of a file."""

_URL = re.compile(r"(?=([A-Za-z][A-Za-z0-9+.-]{0,15}://[^\s\"'<>`]+))")
"""Each URL in a text, overlapping where several are joined."""


def is_secret_name(name: str) -> bool:
    """Return whether a name is that of a secret: CG_API_KEY is, TOKEN is not."""
    upper = name.upper()
    if upper in AWS_CREDENTIALS:
        return True
    return bool(_SECRET_NAME.search(upper)) and not _PUBLIC_NAME.search(upper)


_REVEALING_URL = "a URL with a password or a key in it"


def secret_kind(value: str) -> str | None:
    """Return the kind of secret anywhere in a value, e.g. "a wallet mnemonic"; None for none."""
    if _MNEMONIC.fullmatch(value.strip()) or _holds_mnemonic(value):
        return "a wallet mnemonic"
    for kind, pattern in _SECRET_VALUES.items():
        if pattern.search(value):
            return kind
    if any(_url_holds_secret(url) for url in _URL.findall(value)):
        return _REVEALING_URL
    return None


def assigned_secrets(command: str) -> list[str]:
    """Return the names of secrets that a command sets, as in `env CG_API_KEY=… python app.py`."""
    return [name for name in _ASSIGNMENT.findall(command) if is_secret_name(name)]


def _holds_mnemonic(text: str) -> bool:
    """Return whether twelve words in a row, listed, numbered or quoted, are a mnemonic's."""
    words = [word for word in re.findall(r"\w+", text.lower()) if not word.isdigit()]
    shortest = _MNEMONIC_LENGTHS[0]
    if len(words) < shortest:
        return False
    known = [word in mnemonic_words() for word in words]
    return any(
        sum(known[start : start + shortest]) >= shortest - _MOST_MISTYPED
        for start in range(len(words) - shortest + 1)
    )


def _url_holds_secret(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # not a URL; the setting's own check reports it
        return "@" in url
    return "@" in parts.netloc or any(is_secret_name(name) for name, _ in parse_qsl(parts.query))


def remedy_for(name: str, option: str = "") -> str:
    """Return the remedy for a secret variable in a settings file.

    Args:
        name: the variable's.
        option: names the worker, with a blank before it; empty where there is but one.
    """
    upper = name.upper()
    if upper in AWS_CREDENTIALS:
        return "remove the line; `aws configure` or `aws sso login`, and AWS_PROFILE if need be"
    if "MNEMONIC" in upper:
        return f"remove the line; allora wallet import{option}"
    if upper == "ALLORA_API_KEY":
        return f"remove the line; allora secret set api-key{option}"
    if upper == "ALLORA_INFERENCE_TOKEN":
        return f"remove the line; allora secret set inference-token{option}"
    return f"remove the line, {_model_secret(name)}{option}, if the model needs it"


def remedy_for_kind(kind: str) -> str:
    """Return the remedy for a value of this kind."""
    if kind == _REVEALING_URL:
        return "use a URL without user, password and key"
    if kind == "a wallet mnemonic":
        return remedy_for("MNEMONIC")
    return "remove it, and revoke it if others could read this file"


def remedy_for_model(names: Iterable[str]) -> str:
    """Return the remedy for secrets in MODEL_ENV_VARS."""
    return "; ".join(f"remove it there, {_model_secret(name)}" for name in names)


def _model_secret(name: str) -> str:
    return f"add {name} to MODEL_SECRETS, and: allora secret set model/{name}"
