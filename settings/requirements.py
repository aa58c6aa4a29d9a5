"""Read pinned requirements of Python packages.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from settings.errors import fault
from settings.secret_rules import remedy_for_kind, secret_kind
from settings.shown import shown

_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[A-Za-z0-9._,\s-]+\])?"
    r"\s*(?:===?\s*[A-Za-z0-9][A-Za-z0-9.!+_-]*"
    r"|@\s*https://[!-~]+#sha256=[0-9a-f]{64}|@\s*git\+https://[!-~]+@[0-9a-f]{40})"
    r"(?:\s*;[^#]*?)?(?:\s+--hash=sha256:[0-9a-f]{64})*"
)
"""A version, an archive with its hash, or a commit, as `pip freeze` prints it."""


def pinned(text: str) -> tuple[str, ...]:
    """Return the requirements of a file's text or of a comma-separated list, in their order.

    Raises:
        PydanticCustomError: One is not pinned, is an option of pip, or has a secret in it.
    """
    requirements = tuple(_lines(text))
    for requirement in requirements:
        if kind := secret_kind(requirement):
            raise fault(f"has {kind}, which would be in the image.", remedy_for_kind(kind))
        if not _PINNED.fullmatch(requirement):
            raise fault(
                f"has {shown(requirement)}, which is no package with its version.",
                "as in lightgbm==4.6.0; `pip freeze` prints them",
            )
    names = names_of(requirements)
    for name in names:
        if names.count(name) > 1 and ";" not in text:
            raise fault(f"has {name} twice.", "keep one version")
    return requirements


def names_of(requirements: Iterable[str]) -> list[str]:
    """Return the packages' names, normalized.

    https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    found = (_PINNED.fullmatch(requirement) for requirement in requirements)
    return [re.sub(r"[-_.]+", "-", match["name"]).lower() for match in found if match]


def need_git(requirements: Iterable[str]) -> bool:
    """Return whether pip fetches one of them with git."""
    return any(re.search(r"@\s*git\+", requirement) for requirement in requirements)


def _lines(text: str) -> Iterator[str]:
    joined = re.sub(r"\\\s*\n", " ", text.replace("\r\n", "\n").removeprefix("\ufeff"))
    for line in joined.split("\n"):
        bare = re.sub(r"(?:^|\s)#.*", "", line)
        # A list has no hashes, markers or extras with commas.
        parts = [bare] if re.search(r"[;\[#]|--", bare) else bare.split(",")
        yield from (" ".join(part.split()) for part in parts if part.strip())
