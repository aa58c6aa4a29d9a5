"""`allora diagram`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allora_cli.diagram.architecture import Architecture
from allora_cli.diagram.files import Format, write
from allora_cli.diagram.svg import draw
from allora_cli.diagram.synthesis import synthesize
from allora_cli.diagram.terraform import Terraform
from allora_cli.terminal import console
from settings import load_settings


def diagram(
    *,
    output_dir: Annotated[
        Path, typer.Option(help="Where the files go; made when it is not there.")
    ] = Path(),
    format_: Annotated[Format, typer.Option("--format", help="Which files.")] = Format.BOTH,
    json: console.Json = False,
) -> None:
    """Draws what your settings make, from the Terraform that they give: SVG and PNG.

    Needs no credentials, and changes nothing in AWS.
    Example: pipenv run allora diagram --output-dir pictures
    """
    load_settings()
    with console.working("Synthesizing the stacks"):
        terraform = Terraform(synthesize())
    architecture = Architecture(terraform)
    files = write(draw(architecture.picture), output_dir, format_)
    if json:
        console.result(
            {
                "files": [str(file) for file in files],
                "resources": len(terraform.resources),
                "unknown": architecture.unknown,
            }
        )
        return
    for file in files:
        console.out.print(f"✔ {file}", markup=False)
    for address in architecture.unknown:
        console.err.print(f"Drawn as a plain card, its type is new: {address}", markup=False)
