"""The base image of worker and model server, for a machine that cannot pull it.

Debian 13 with its own Python 3.13, which is what the official ``python:3.13-slim`` is made of, too.
"""

from __future__ import annotations

from pathlib import Path

from tests.host import cache, packages, registry
from tests.host.certificates import Authority
from tests.host.command import run

NAME = "python:3.13-slim"

_SUITE = "trixie"
_PACKAGES = ("ca-certificates", "python3", "python3-venv")
# The official image has a Python with nothing but pip in /usr/local, apart from Debian's own.
_PYTHON = "python3 -m venv /usr/local"
_PIP = f"[global]\nindex-url = https://{packages.NAME}/simple\n"
_CONFIG = {
    "Env": [
        "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
    ],
    "Cmd": ["python3"],
}


def python_image(authority: Authority) -> registry.Image:
    """The image, which trusts the authority."""
    recipe = [_SUITE, _PACKAGES, _PYTHON, _PIP, _CONFIG, authority.pem]
    return registry.Image(cache.kept("python", recipe, lambda path: _make(path, authority)))


def _make(path: Path, authority: Authority) -> None:
    root, tar = path.with_suffix(".root"), path.with_suffix(".tar")
    cache.remove(root)
    try:
        run(
            *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory"),
            *('--aptopt=Apt::Install-Recommends "false"', "--dpkgopt=force-unsafe-io"),
            *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"),
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            f"--include={','.join(_PACKAGES)}",
            *(_SUITE, str(root)),
            timeout=1800,
        )
        run("chroot", str(root), *_PYTHON.split())
        (root / "etc/pip.conf").write_text(_PIP)
        authority.install(root)
        run("tar", "--create", "--numeric-owner", "--file", str(tar), "--directory", str(root), ".")
        registry.write_image(tar, path, _CONFIG)
    finally:
        cache.remove(root)
        cache.remove(tar)
