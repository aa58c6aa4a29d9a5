"""Renders the user data: a shell script that unpacks the host's files and starts the installation.

Pure text in, pure text out: no Terraform token may get in here, because whatever goes in is
compressed at synth and could not be resolved later.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_USER_DATA_BYTES = 16 * 1024
"""AWS's limit, before base64.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
"""


class UserDataTooLargeError(ValueError):
    """The compressed user data is over AWS's limit."""


@dataclass(frozen=True)
class HostFile:
    """A text file on the host.

    Attributes:
        path: absolute path on the host.
        content: the text, which ends with a newline.
        executable: whether it may be run.
    """

    path: str
    content: str
    executable: bool = False


def render_environment(variables: Mapping[str, str]) -> str:
    """The text of a file of variables that a shell can source, whatever is in the values.

    Raises:
        ValueError: a name is not a shell identifier, or a value has a NUL byte.
    """
    lines = []
    for name, value in variables.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"not a name of a shell variable: {name!r}")
        if "\0" in value:
            raise ValueError(f"{name}: a NUL byte cannot reach a shell")
        lines.append(f"{name}={shlex.quote(value)}\n")
    return "".join(lines)


def render_user_data(files: Iterable[HostFile], *, command: str) -> str:
    """A shell script that writes files and then becomes a command.

    ``ALLORA_ROOT`` in the script's environment names another root directory: then the files are
    written below it and nothing is run.

    Args:
        files: what to write.
        command: absolute path of what to run afterwards.

    Raises:
        ValueError: a file's text does not end with a newline, which a here-document would add.
    """
    return "".join(
        [_HEADER, *map(_render_file, files), _FOOTER.format(command=shlex.quote(command))]
    )


@dataclass(frozen=True)
class EncodedUserData:
    """User data as EC2 takes it.

    Attributes:
        base64: the compressed text; cloud-init decompresses it.
        text_sha256: identifies the text, whichever zlib compressed it.
    """

    base64: str
    text_sha256: str


def encode_user_data(user_data: str) -> EncodedUserData:
    """Compresses and encodes user data.

    Raises:
        UserDataTooLargeError: AWS would refuse it.
    """
    text = user_data.encode()
    compressed = gzip.compress(text, compresslevel=9, mtime=0)
    if len(compressed) > MAX_USER_DATA_BYTES:
        raise UserDataTooLargeError(
            f"the host's user data is {len(compressed):,} bytes compressed; "
            f"AWS takes {MAX_USER_DATA_BYTES:,}"
        )
    return EncodedUserData(
        base64=base64.b64encode(compressed).decode(),
        text_sha256=hashlib.sha256(text).hexdigest(),
    )


_HEADER = """\
#!/usr/bin/env bash
# Writes the files of an Allora worker's host and starts the installation.
set -euo pipefail
umask 022
put() { install -D -m "$1" /dev/stdin "${ALLORA_ROOT:-}$2"; }
"""

_FOOTER = """\
if [[ -z "${{ALLORA_ROOT:-}}" ]]; then exec {command}; fi
"""


def _render_file(file: HostFile) -> str:
    if not file.content.endswith("\n"):
        raise ValueError(f"{file.path}: the text must end with a newline")
    delimiter = "EOF"
    lines = file.content.splitlines()
    while delimiter in lines:
        delimiter += "_"
    mode = "0755" if file.executable else "0644"
    return f"put {mode} {shlex.quote(file.path)} <<'{delimiter}'\n{file.content}{delimiter}\n"
