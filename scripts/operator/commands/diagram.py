"""`allora diagram`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.operator import screen
from scripts.operator.diagram.architecture import Architecture
from scripts.operator.diagram.files import Format, write
from scripts.operator.diagram.svg import draw
from scripts.operator.diagram.synthesis import synthesize
from scripts.operator.diagram.terraform import Terraform
from settings import load_settings


def diagram(
    *,
    output_dir: Annotated[
        Path, typer.Option(help="Where the files go; made when it is not there.")
    ] = Path(),
    format_: Annotated[Format, typer.Option("--format", help="Which files.")] = Format.BOTH,
    json: screen.Json = False,
) -> None:
    """Draws what your settings make, from the Terraform that they give: SVG and PNG.

    Needs no credentials, and changes nothing in AWS.
    Example: pipenv run allora diagram --output-dir pictures
    """
    load_settings()
    with screen.working("Synthesizing the stacks"):
        terraform = Terraform(synthesize())
    architecture = Architecture(terraform)
    files = write(draw(architecture.picture), output_dir, format_)
    if json:
        screen.result(
            {
                "files": [str(file) for file in files],
                "resources": len(terraform.resources),
                "unknown": architecture.unknown,
            }
        )
        return
    for file in files:
        screen.out.print(f"✔ {file}", markup=False)
    for address in architecture.unknown:
        screen.err.print(f"Drawn as a plain card, because its type is new: {address}", markup=False)
