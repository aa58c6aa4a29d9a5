"""Write the host's user data as files of their own, from which Terraform makes the same text.

The host is replaced when a digest of the text changes (docs/adr/0025-host-archive.md), so that it
must be the same byte by byte. Compressed bytes may differ: Terraform ignores them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Final

from devtools.eject.expressions import Hcl, Json, write
from devtools.eject.refusal import CannotWriteError
from devtools.eject.templates import literally

_FOLDER: Final = "user-data"
_TEMPLATE: Final = "user-data.yaml.tftpl"
_ARCHIVE_DIGEST: Final = "archive_sha256"


@dataclass(frozen=True)
class UserData:
    """What a stack's user data becomes.

    Attributes:
        stack: With expressions in place of the user data and of the archive's digest.
        locals: How Terraform makes the user data.
        files: The host's files and the template, by path.
    """

    stack: Json
    locals: Mapping[str, Json] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def with_readable_user_data(stack: Mapping[str, Json], archive_sha256: str | None) -> UserData:
    """Return a stack whose user data is in files of its own; without a host, the stack alone.

    Args:
        stack: A synthesized one.
        archive_sha256: Digest of the archive that the host fetches, if there is one.

    Raises:
        CannotWriteError: The user data is not what this project makes.
    """
    changed = deepcopy(stack)
    instances = changed.get("resource", {}).get("aws_instance", {})
    if not instances:
        return UserData(changed)
    ((name, instance),) = instances.items()
    text = gzip.decompress(base64.b64decode(instance["user_data_base64"])).decode()
    instance["user_data_base64"] = Hcl("base64gzip(local.user_data)")
    _replace_digest(changed, text, f"aws_instance.{name}")
    if archive_sha256:
        _replace_archive(changed, archive_sha256)
    first_line, _, document = text.partition("\n")
    cloud_config = json.loads(document)
    if unknown := cloud_config.keys() - {"write_files", "runcmd"}:
        raise CannotWriteError(f"aws_instance.{name}", *unknown)
    host_files = cloud_config["write_files"]
    files = {_path(each): _content(each["content"], archive_sha256) for each in host_files}
    files[_TEMPLATE] = _template(first_line, cloud_config["runcmd"], host_files)
    rendered = f'templatefile("${{path.module}}/{_TEMPLATE}", {{ files = local.host_files }})'
    local_values = {
        "host_files": [_host_file(each, archive_sha256) for each in host_files],
        "user_data": Hcl(rendered),
    }
    return UserData(changed, local_values, files)


def archive_digest_file(archive_sha256: str) -> tuple[str, str]:
    """Return the file with the archive's digest, which `pack.py` writes anew: name and content."""
    return "archive.auto.tfvars", f'{_ARCHIVE_DIGEST} = "{archive_sha256}"\n'


def _replace_digest(stack: Json, text: str, place: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    for trigger in stack["resource"].get("terraform_data", {}).values():
        if trigger["input"].get("user_data_sha256") == digest:
            trigger["input"]["user_data_sha256"] = Hcl("sha256(local.user_data)")
            return
    raise CannotWriteError(place, "user data without a digest that replaces the host")


def _replace_archive(stack: Json, archive_sha256: str) -> None:
    for archive in stack["resource"].get("aws_s3_object", {}).values():
        for name in ("key", "source"):
            digest = f"${{var.{_ARCHIVE_DIGEST}}}"
            archive[name] = archive[name].replace(archive_sha256, digest)


def _path(host_file: Json) -> str:
    return f"{_FOLDER}{host_file['path']}"


def _content(content: str, archive_sha256: str | None) -> str:
    """Return a file; one with the archive's digest is a template for it."""
    if archive_sha256 is None or archive_sha256 not in content:
        return content
    return literally(content).replace(archive_sha256, f"${{{_ARCHIVE_DIGEST}}}")


def _host_file(host_file: Json, archive_sha256: str | None) -> Json:
    path = f"${{path.module}}/{_path(host_file)}"
    if archive_sha256 and archive_sha256 in host_file["content"]:
        digest = f"{{ {_ARCHIVE_DIGEST} = var.{_ARCHIVE_DIGEST} }}"
        content = f"templatefile({write(path)}, {digest})"
    else:
        content = f"file({write(path)})"
    return {
        "path": host_file["path"],
        "permissions": host_file["permissions"],
        "content": Hcl(content),
    }


def _template(first_line: str, commands: Json, host_files: Json) -> str:
    """Return the template of the user data, in one line as the project writes it."""
    file = (
        '{"path": "${file.path}", "permissions": "${file.permissions}", '
        f'"content": ${{{_as_python("jsonencode(file.content)", host_files)}}}}}'
    )
    comma = "%{ if index > 0 }, %{ endif }"
    files = f"%{{ for index, file in files }}{comma}{file}%{{ endfor }}"
    runcmd = literally(json.dumps(commands, ensure_ascii=False))
    return f'{first_line}\n{{"write_files": [{files}], "runcmd": {runcmd}}}\n'


def _as_python(encoded: str, host_files: Json) -> str:
    r"""Return an expression for JSON as Python writes it, where Terraform's differs.

    Terraform escapes `<`, `>` and `&`, and this project what YAML might change. A line break, which
    JSON escapes, stands for an escaped backslash meanwhile: `\\u003c` is a text and no `<`.
    """
    escapes = [(r"\u003c", "<"), (r"\u003e", ">"), (r"\u0026", "&"), *_escapes_in(host_files)]
    for before, after in [("\\\\", "\n"), *escapes, ("\n", "\\\\")]:
        encoded = f"replace({encoded}, {write(before)}, {write(after)})"
    return encoded


def _escapes_in(host_files: Json) -> Iterable[tuple[str, str]]:
    """Yield the characters that the user data has as escapes, with these."""
    characters = {
        character
        for file in host_files
        for character in file["content"]
        # Terraform escapes the two separators as well.
        if "\x7f" <= character <= "\uffff" and character not in "\u2028\u2029"
    }
    for character in sorted(characters):
        yield character, f"\\u{ord(character):04x}"
