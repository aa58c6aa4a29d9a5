"""`allora diagram`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from allora_cli.diagram.files import Format, write
from allora_cli.terminal import console


def diagram(
    *,
    output_dir: Annotated[
        Path, typer.Option(help="The folder for the files; created if missing.")
    ] = Path(),
    format_: Annotated[Format, typer.Option("--format", help="Which files.")] = "both",
    json: console.Json = False,
) -> None:
    """Draw the architecture of your settings, from the synthesized stacks, as SVG and PNG.

    With a fleet.toml, that of the fleet.

    Needs no credentials, and changes nothing in AWS.

    Example: allora diagram --output-dir pictures
    """
    from allora_cli.diagram.architecture import Architecture
    from allora_cli.diagram.fleet import FleetArchitecture
    from allora_cli.diagram.svg import draw
    from allora_cli.terraform.synthesis import read_stacks, synthesize
    from settings import load_settings
    from settings.fleet_file import load_fleet

    settings, fleet = load_settings(), load_fleet()
    with console.working("Synthesizing the stacks"), TemporaryDirectory() as folder:
        synthesize(Path(folder))
        stacks = read_stacks(Path(folder))
    a = FleetArchitecture(settings, fleet, stacks) if fleet else Architecture(settings, stacks)
    files = write(draw(a.title, a.subtitle, a.root, a.arrows), output_dir, format_)
    document = {
        "files": [str(file) for file in files],
        "resources": sum(map(len, a.resources.values())),
        "unknown": a.unknown,
    }
    console.show(document, [f"✔ {file}" for file in files], json=json)
    for address in a.unknown:
        console.err.print(f"Drawn as a plain card: its type is unknown: {address}", markup=False)
