#!/usr/bin/env -S python3 -IS
"""Terraform with an AWS provider that runs already: what TERRAFORM_BINARY_NAME names in tests.

It asks attached_providers.py for the provider of a stack's folder, and becomes the Terraform on the
path.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

PORT = "ATTACHED_PROVIDERS_PORT"
"""Names the variable with the port on which attached_providers.py listens."""

_SECONDS = 120
"""For the start of a provider. Nobody listens any more where the tests were killed."""


def main() -> None:
    """Become Terraform."""
    chdir = [each.removeprefix("-chdir=") for each in sys.argv if each.startswith("-chdir=")]
    folder = Path.cwd().joinpath(*chdir).resolve()
    if (folder / "cdk.tf.json").exists():
        os.environ["TF_REATTACH_PROVIDERS"] = _provider_of(folder)
    os.execvp("terraform", ["terraform", *sys.argv[1:]])  # noqa: S606 - as a user would


def _provider_of(folder: Path) -> str:
    """Return the address of the provider for a folder and for our variables."""
    question = [str(folder), *(f"{name}={value}" for name, value in os.environ.items())]
    listens = ("127.0.0.1", int(os.environ[PORT]))
    with socket.create_connection(listens, timeout=_SECONDS) as connection:
        connection.sendall(b"\0".join(os.fsencode(each) for each in question))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile() as answer:
            address = answer.read()
    if not address:
        sys.exit("The AWS provider did not start; the test's output has the reason.")
    return address


if __name__ == "__main__":
    main()
