"""Look up a git repository, and fetch a commit as the host does, without its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from functools import partial
from typing import Final

from allora_cli.doctor.sources.errors import MissingError, SourceError
from allora_cli.doctor.sources.http import answer_of
from shared.loopback import is_loopback, no_proxy

_SECONDS: Final = 20
_NOTHING_MATCHES: Final = 2
"""Exit code of `git ls-remote --exit-code` (https://git-scm.com/docs/git-ls-remote)."""
_ADVERTISEMENT: Final = "application/x-git-upload-pack-advertisement"


class NoSuchRefError(MissingError):
    """The repository has no such branch, tag or commit."""


def find_commit(url: str, ref: str | None) -> str:
    """Return the commit that a branch, a tag or a commit's number stands for.

    Args:
        url: The repository's.
        ref: By default its default branch.

    Raises:
        NoSuchRefError: It has no such branch, tag or commit.
        MissingError: There is no such repository.
        NotPublicError: It needs a login, or does not exist.
        SourceError: There is no usable answer, or no git on this computer.
    """
    _require_public(url)
    if shutil.which("git") is None:
        raise SourceError("is public; what it holds is not known: git is not installed")
    with tempfile.TemporaryDirectory() as folder:
        git = partial(_git, {"GIT_ALLOW_PROTOCOL": "http" if is_loopback(url) else "https"})
        git("init", "--quiet", "--bare", folder)
        here = f"--git-dir={folder}"
        fetch = ("fetch", "--quiet", "--depth=1", "--filter=tree:0", "--no-tags", "--", url)
        if not git(here, *fetch, ref or "HEAD").returncode:
            return git(here, "rev-parse", "FETCH_HEAD^{commit}").stdout.strip()
        listed = git(here, "ls-remote", "--exit-code", "--", url, ref or "HEAD")
        if listed.returncode == _NOTHING_MATCHES:
            raise NoSuchRefError(f"has no {ref or 'default branch'}")
        raise SourceError("is public; what it holds is not known: git cannot fetch it here")


def _require_public(url: str) -> None:
    """Ask for the list of refs (https://git-scm.com/docs/gitprotocol-http)."""
    request = urllib.request.Request(  # noqa: S310 - `settings` accepts only https
        f"{url.rstrip('/')}/info/refs?service=git-upload-pack",
        headers={"User-Agent": "git/2 (allora)"},
    )
    with answer_of(request) as answer:
        if answer.headers.get_content_type() != _ADVERTISEMENT:
            raise MissingError("is no git repository")


_AS_A_STRANGER: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Without the user's settings, which may hold a login or rewrite URLs."""


def _git(variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-c", "credential.helper=", *arguments],
            env={**os.environ, **no_proxy(os.environ), **_AS_A_STRANGER, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise SourceError("is not known: git does not come to an end") from error
