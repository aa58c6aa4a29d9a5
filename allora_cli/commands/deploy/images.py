"""`allora images`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.terminal import console


def images(
    *,
    local: Annotated[
        bool, typer.Option("--local", help="Build with the Docker of this computer.")
    ] = False,
    json: console.JsonLines = False,
) -> None:
    """Build the images that the fleet's tasks need and ECR does not have.

    CodeBuild builds them; --local does it with Docker here. allora deploy does the same before it
    starts tasks. After Ctrl-C the builds go on; run it again to watch them.

    Example: allora images
    """
    from allora_cli.deploy.renderers import run
    from allora_cli.images.building import images as workflow
    from allora_cli.images.events import Builder

    run(workflow(Builder.DOCKER if local else Builder.CODEBUILD), json=json)
