"""Render user data for cloud-init: files to write, and a command to run at the first boot.

No Terraform token may be in it: compressed at synth, it could not be resolved later.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_USER_DATA_BYTES = 16 * 1024
"""AWS's limit, before base64.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
"""

_FIRST_LINE = "#cloud-config\n"


class UserDataTooLargeError(ValueError):
    """The compressed user data is over AWS's limit."""


@dataclass(frozen=True)
class HostFile:
    """A text file on the host.

    Attributes:
        path: absolute path on the host.
        content: the text.
        executable: whether it may be run.
    """

    path: str
    content: str
    executable: bool = False


@dataclass(frozen=True)
class EncodedUserData:
    """User data as EC2 takes it.

    Attributes:
        base64: the compressed text; cloud-init decompresses it.
        text_sha256: identifies the text, whichever zlib compressed it.
    """

    base64: str
    text_sha256: str


def render_environment(variables: Mapping[str, str]) -> str:
    """Return the text of a file of variables that a shell can source, whatever the values hold.

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


def render_cloud_config(files: Iterable[HostFile], *, command: str) -> str:
    """Return a cloud-config that writes files and then runs a command.

    https://cloudinit.readthedocs.io/en/latest/reference/modules.html

    Args:
        files: what to write.
        command: absolute path of what to run afterwards.
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
        "runcmd": [[command]],
    }
    return f"{_FIRST_LINE}{_json_in_yaml(document)}\n"


def encode_user_data(user_data: str) -> EncodedUserData:
    """Compress and encode user data.

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


def read_files(user_data_base64: str) -> list[HostFile]:
    """Return the files that encoded user data writes."""
    text = gzip.decompress(base64.b64decode(user_data_base64)).decode()
    document = json.loads(text.removeprefix(_FIRST_LINE))
    return [
        HostFile(file["path"], file["content"], file["permissions"] == "0755")
        for file in document["write_files"]
    ]


def _json_in_yaml(document: object) -> str:
    """Return JSON that YAML reads alike, although it folds or refuses some of JSON's characters.

    Characters beyond the basic plane stay: a pair of JSON's escapes is no character in YAML.
    """
    text = json.dumps(document, ensure_ascii=False)
    return re.sub("[\x7f-\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)
