"""Ask Terraform what is a block and what is an attribute: its JSON does not tell them apart."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from allora_cli.terraform.runner import environment
from devtools.eject.blocks import Schema
from devtools.eject.refusal import EjectError
from fast_synth.working_directories import LOCK_FILE
from settings.environment import terraform_binary


@dataclass(frozen=True)
class Schemas:
    """The schemas of all types that the providers have.

    Attributes:
        providers: By the provider's local name.
        elements: By `resource` or `data`, and by type.
    """

    providers: Mapping[str, Schema]
    elements: Mapping[str, Mapping[str, Schema]]

    @classmethod
    def of(cls, required_providers: Mapping[str, Any]) -> Self:
        """Ask the providers' programs, without credentials.

        Raises:
            EjectError: Terraform or a provider does not start.
        """
        with TemporaryDirectory() as folder:
            configuration = {
                "terraform": {"required_providers": required_providers},
                # Makes Terraform tell of its built-in types as well.
                "resource": {"terraform_data": {"any": {}}},
            }
            Path(folder, "cdk.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
            Path(folder, LOCK_FILE.name).write_bytes(LOCK_FILE.read_bytes())
            run_terraform(Path(folder), "init", "-input=false")
            answer = json.loads(run_terraform(Path(folder), "providers", "schema", "-json"))
        found = answer["provider_schemas"]
        return cls(
            {
                name.rpartition("/")[2]: each["provider"].get("block", {})
                for name, each in found.items()
            },
            {
                "resource": _blocks(found, "resource_schemas"),
                "data": _blocks(found, "data_source_schemas"),
            },
        )

    def of_element(self, kind: str, type_: str) -> Schema:
        """Return the schema of a resource's or data source's type.

        Raises:
            EjectError: No provider has it.
        """
        try:
            return self.elements[kind][type_]
        except KeyError:
            raise EjectError(f"{kind} {type_}: none of the required providers has it.") from None


def run_terraform(folder: Path, *arguments: str) -> str:
    """Return what Terraform prints.

    Raises:
        EjectError: It fails.
    """
    done = subprocess.run(
        [terraform_binary(), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise EjectError(f"terraform {arguments[0]} has failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _blocks(found: Mapping[str, Any], kind: str) -> dict[str, Schema]:
    return {
        type_: schema["block"]
        for provider in found.values()
        for type_, schema in provider.get(kind, {}).items()
    }
