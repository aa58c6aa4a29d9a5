"""A machine with Docker, which plays the machines of Fargate."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from docker import DockerClient

from fleet.images import Registry, distinct_builds
from settings.fleet import Fleet
from tests.fleet.deployed import OWN_IMAGE
from tests.host.machine import Machine
from tests.host.waiting import wait_for
from tests.host.world import SETTINGS, Instance, World

_INSTALL = b"""#!/bin/sh
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends docker.io
"""
_SOCKET = "/run/docker.sock"
_MODEL = f"""\
FROM {SETTINGS["ALLORA_PYTHON_IMAGE"]}
COPY trained_model.py /
CMD ["python", "/trained_model.py"]
"""


def launch(world: World) -> Machine:
    """Boot a machine that installs Docker."""
    return world.launch(Instance("i-fargate", _INSTALL, {}, "none", {}))


def docker_of(machine: Machine) -> DockerClient:
    """A client of the machine's Docker, once it answers."""
    wait_for("Docker answers", lambda: machine.succeeds("docker version"), 180)
    return DockerClient(base_url=f"unix://{machine.file(_SOCKET)}", timeout=300)


def build_images(docker: DockerClient, fleet: Fleet) -> None:
    """Build the images of a fleet that are not the user's own."""
    registry = Registry.of(fleet.workers[0].settings)
    for build in distinct_builds(fleet.workers):
        _build(docker, build.context, registry.reference(build), dict(build.arguments))


def build_own_image(docker: DockerClient) -> None:
    """Build the user's own image, in place of a registry that has it."""
    _build(docker, _own_context(), OWN_IMAGE, {})


def _build(docker: DockerClient, context: bytes, tag: str, arguments: dict[str, str]) -> None:
    docker.images.build(
        fileobj=io.BytesIO(context), custom_context=True, tag=tag, buildargs=arguments, rm=True
    )


def _own_context() -> bytes:
    buffer = io.BytesIO()
    files = {
        "Dockerfile": _MODEL.encode(),
        "trained_model.py": Path(__file__).with_name("trained_model.py").read_bytes(),
    }
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
