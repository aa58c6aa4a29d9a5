"""Write a stack's configuration as HCL files, by subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from devtools.eject.blocks import NO_BLOCKS, block
from devtools.eject.elements import Element, elements_of, needed_first
from devtools.eject.expressions import Hcl, Json, reference, write
from devtools.eject.refusal import CannotWriteError
from devtools.eject.schemas import Schemas
from devtools.eject.subjects import Subject, place_of, subject_of
from devtools.eject.variables import Variable

_KNOWN: Final = frozenset(
    {"//", "terraform", "provider", "data", "resource", "import", "moved", "output"}
)
_SETTINGS_KNOWN: Final = frozenset({"required_version", "required_providers", "backend"})

_CROSS_STACK: Final = "cross-stack-output-"


def require_known(stack: Mapping[str, Json]) -> None:
    """Make sure that nothing of a stack would be left out.

    Raises:
        CannotWriteError: It has something for which there is no rule here.
    """
    if unknown := stack.keys() - _KNOWN:
        raise CannotWriteError("the stack", *unknown)
    if unknown := stack["terraform"].keys() - _SETTINGS_KNOWN:
        raise CannotWriteError("terraform", *unknown)
    addresses = {element.address for element in elements_of(stack)}
    for kind in ("import", "moved"):
        if unknown := {each["to"] for each in stack.get(kind, [])} - addresses:
            raise CannotWriteError(kind, *unknown)


def terraform_files(stack: Mapping[str, Json], schemas: Schemas) -> dict[str, str]:
    """Return the files for Terraform itself, as HashiCorp's style guide names them.

    https://developer.hashicorp.com/terraform/language/style#file-names
    """
    settings = stack["terraform"]
    one_block = {"block_types": {"required_providers": {"block": NO_BLOCKS}}}
    needed = {name: settings[name] for name in ("required_version", "required_providers")}
    backends = {
        "block_types": {f'backend "{kind}"': {"block": NO_BLOCKS} for kind in settings["backend"]}
    }
    backend = {f'backend "{kind}"': content for kind, content in settings["backend"].items()}
    return {
        "terraform.tf": block("terraform", needed, one_block),
        "backend.tf": block("terraform", backend, backends),
        "providers.tf": "\n".join(
            block(f'provider "{name}"', content, schemas.providers[name])
            for name, configurations in stack["provider"].items()
            for content in configurations
        ),
        "outputs.tf": _outputs(stack.get("output", {})),
    }


def variable_files(variables: Iterable[Variable], *, archive: bool) -> dict[str, str]:
    """Return the declarations of the variables, and their present values."""
    declared = [(each.name, each.description, each.type) for each in variables]
    if archive:
        declared.append(
            ("archive_sha256", "The digest of the archive: pack.py sets it.", Hcl("string"))
        )
    if not declared:
        return {}
    declarations = "\n".join(
        block(f'variable "{name}"', {"description": description, "type": type_}, NO_BLOCKS)
        for name, description, type_ in declared
    )
    values = "".join(f"{each.name} = {write(each.value)}\n" for each in variables)
    return {"variables.tf": declarations, "terraform.tfvars": values}


def subject_files(
    stack: Mapping[str, Json], schemas: Schemas, local_values: Mapping[str, Json]
) -> dict[str, str]:
    """Return the files with resources and data sources, a part for each subject.

    Args:
        stack: With variables and locals in their places.
        schemas: Of the providers.
        local_values: Those of what the stack reads from other stacks.
    """
    parts: dict[Subject, list[Element]] = defaultdict(list)
    for element in elements_of(stack):
        parts[subject_of(element)].append(element)
    files: dict[str, list[str]] = defaultdict(list)
    for subject in sorted(parts, key=place_of):
        files[subject.file].append(f"# {subject.heading}\n")
        for element in needed_first(parts[subject]):
            schema = schemas.of_element(element.kind, element.type)
            files[subject.file].append(block(element.header, element.content, schema))
            files[subject.file] += _notes_on(element, stack)
        if local_values and not parts[subject][0].construct:
            files[subject.file].append(block("locals", local_values, NO_BLOCKS))
    return {f"{name}.tf": "\n".join(blocks) for name, blocks in files.items()}


def _notes_on(element: Element, stack: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is imported as an element, and what it was called before."""
    for each in stack.get("import", []):
        if each["to"] == element.address:
            yield block("import", each | {"to": Hcl(each["to"])}, NO_BLOCKS)
    for each in stack.get("moved", []):
        if each["to"] == element.address:
            yield block(
                "moved", {name: reference(value) for name, value in each.items()}, NO_BLOCKS
            )


def _outputs(outputs: Mapping[str, Json]) -> str:
    own = [name for name in outputs if not name.startswith(_CROSS_STACK)]
    for_others = [name for name in outputs if name.startswith(_CROSS_STACK)]
    written = [block(f'output "{name}"', outputs[name], NO_BLOCKS) for name in own]
    if for_others:
        written.append("# The other stacks read these from the state.\n")
        written += [block(f'output "{name}"', outputs[name], NO_BLOCKS) for name in for_others]
    return "\n".join(written)
