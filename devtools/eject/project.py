"""Write all stacks of a synthesized app into a folder that needs nothing of this project."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from devtools.eject.blocks import NO_BLOCKS, block
from devtools.eject.configuration import (
    require_known,
    subject_files,
    terraform_files,
    variable_files,
)
from devtools.eject.cross_stack import output_names, with_local_names
from devtools.eject.expressions import Json
from devtools.eject.schemas import Schemas, run_terraform
from devtools.eject.user_data import archive_digest_file, with_readable_user_data
from devtools.eject.variables import with_variables
from fast_synth.working_directories import LOCK_FILE

_HERE = Path(__file__).parent
_ARCHIVES = "build-contexts"
_ARCHIVE_FOLDER = "archive"


def write_project(
    synthesized: Path, stacks: Mapping[str, Json], folder: Path, schemas: Schemas
) -> None:
    """Write the stacks as HCL, the archive's files, and what to do with them.

    Nothing is written when something cannot be.

    Args:
        synthesized: What CDKTF has written.
        stacks: The stacks in it, by id.
        folder: An empty or new folder.
        schemas: Of the providers.

    Raises:
        EjectError: Something cannot be written, or Terraform fails.
    """
    archives = sorted((synthesized / _ARCHIVES).glob("*.tar"))
    files = stack_files(stacks, schemas, archives)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode())
    for stack in stacks:
        shutil.copyfile(LOCK_FILE, folder / "stacks" / stack / LOCK_FILE.name)
    for archive in archives:
        _write_archive(archive, folder, stacks)
    (folder / ".gitignore").write_text(".terraform/\n*.tfplan\n", encoding="utf-8")
    run_terraform(folder, "fmt", "-recursive", ".")
    for name in ("README.md", "pack.py"):
        shutil.copy(_HERE / name, folder / name)


def stack_files(
    stacks: Mapping[str, Json], schemas: Schemas, archives: list[Path]
) -> dict[str, str]:
    """Return all files of all stacks, by path."""
    names = output_names(stacks)
    return {
        f"stacks/{stack}/{name}": content
        for stack, configuration in stacks.items()
        for name, content in _files_of(configuration, names, schemas, archives).items()
        if content
    }


def _files_of(
    stack: Json, names: Mapping[str, str], schemas: Schemas, archives: list[Path]
) -> dict[str, str]:
    require_known(stack)
    archive = next((each.stem for each in archives if _has_archive(stack, each.name)), None)
    named, local_values = with_local_names(stack, names)
    host = with_readable_user_data(named, archive)
    configuration, variables = with_variables(host.stack)
    files = {
        **terraform_files(configuration, schemas),
        **variable_files(variables, archive=archive is not None),
        **subject_files(configuration, schemas, local_values),
        **host.files,
    }
    if host.locals:
        files["user-data.tf"] = _USER_DATA + block("locals", host.locals, NO_BLOCKS)
    if archive:
        name, content = archive_digest_file(archive)
        files[name] = content
    return files


_USER_DATA = """\
# What the host does at its first boot: it gets the files in user-data/, and runs a command.
# A change replaces the host. The template writes JSON as the
# deployed host got it, for the same digest.

"""


def _has_archive(stack: Json, name: str) -> bool:
    objects = stack.get("resource", {}).get("aws_s3_object", {}).values()
    return any(each["key"].endswith(f"/{name}") for each in objects)


def _write_archive(archive: Path, folder: Path, stacks: Mapping[str, Json]) -> None:
    """Copy an archive for Terraform to upload, and unpack it beside the stack that does."""
    (folder / _ARCHIVES).mkdir(exist_ok=True)
    shutil.copyfile(archive, folder / _ARCHIVES / archive.name)
    for stack, configuration in stacks.items():
        if _has_archive(configuration, archive.name):
            with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as opened:
                opened.extractall(folder / "stacks" / stack / _ARCHIVE_FOLDER, filter="data")
