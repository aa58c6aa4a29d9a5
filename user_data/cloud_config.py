"""Render user data for cloud-init: files, and a command for the first boot.

It is compressed at synth, so it may hold no Terraform token.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shlex
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_FIRST_LINE = "#cloud-config"

MAX_USER_DATA_BYTES = 16 * 1024
"""Before base64.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
"""


class UserDataTooLargeError(ValueError):
    """The compressed user data exceeds AWS's limit."""


@dataclass(frozen=True)
class HostFile:
    """A text file on the host, by its absolute path."""

    path: str
    content: str
    executable: bool = False


@dataclass(frozen=True)
class EncodedUserData:
    """User data for EC2."""

    base64: str
    """The compressed text."""
    text_sha256: str
    """Of the uncompressed text, so independent of the zlib build."""


def render_environment(variables: Mapping[str, str]) -> str:
    """Return variables as a file that a shell can source, with any characters in the values.

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


def render_cloud_config(files: Iterable[HostFile], *, command: Sequence[str]) -> str:
    """Return a cloud-config that writes files and then runs a command, given in words.

    https://cloudinit.readthedocs.io/en/latest/reference/modules.html
    """
    document = {
        "write_files": [
            {
                "path": file.path,
                "permissions": "0755" if file.executable else "0644",
                "content": file.content,
            }
            for file in files
        ],
        "runcmd": [[*command]],
    }
    return f"{_FIRST_LINE}\n{_json_in_yaml(document)}\n"


def read_files(user_data_base64: str) -> list[HostFile]:
    """Return the files of user data that `render_cloud_config` and `encode_user_data` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        text = gzip.decompress(base64.b64decode(user_data_base64)).decode()
        first_line, _, document = text.partition("\n")
        if first_line != _FIRST_LINE:
            raise ValueError("not a cloud-config")
        return [
            HostFile(file["path"], file["content"], file["permissions"] == "0755")
            for file in json.loads(document)["write_files"]
        ]
    except (EOFError, KeyError, OSError, TypeError, zlib.error) as error:
        raise ValueError("not user data of this project") from error


def encode_user_data(user_data: str) -> EncodedUserData:
    """Compress and encode user data.

    Raises:
        UserDataTooLargeError: it exceeds AWS's limit.
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


def _json_in_yaml(document: object) -> str:
    """Return JSON with the characters escaped that YAML would fold or refuse.

    Characters beyond the basic plane stay: YAML does not join JSON's surrogate pairs.
    """
    text = json.dumps(document, ensure_ascii=False)
    # Not `[\x7f-\uffff]`, which takes longer to compile than all else here to run.
    return re.sub(
        "[^\0-\x7e]",
        lambda found: found[0] if found[0] > "\uffff" else f"\\u{ord(found[0]):04x}",
        text,
    )
