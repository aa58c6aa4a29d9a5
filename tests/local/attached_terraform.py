#!/usr/bin/env -S python3 -IS
"""Terraform with an AWS provider that runs already: what TERRAFORM_BINARY_NAME names in tests.

It asks attached_providers.py for the provider of the working directory, and becomes the Terraform
on the path.
"""

from __future__ import annotations

import os
import socket
import sys

PORT = "ATTACHED_PROVIDERS_PORT"
"""Names the variable with the port on which attached_providers.py listens."""


def main() -> None:
    """Become Terraform."""
    chdir = [each.removeprefix("-chdir=") for each in sys.argv if each.startswith("-chdir=")]
    folder = os.path.realpath(*chdir or ".")
    question = [folder, *(f"{name}={value}" for name, value in os.environ.items())]
    with socket.create_connection(("127.0.0.1", int(os.environ[PORT]))) as connection:
        connection.sendall(b"\0".join(os.fsencode(each) for each in question))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile() as answer:
            os.environ["TF_REATTACH_PROVIDERS"] = answer.read() or sys.exit(
                "The provider did not start."
            )
    os.execvp("terraform", ["terraform", *sys.argv[1:]])  # noqa: S606 - as a user would


if __name__ == "__main__":
    main()
