"""The exit to HCL, for every sample: Terraform plans the same from it as from CDKTF's JSON.

All samples at once, as modules of one configuration with a mocked AWS: for a plan without a state,
nothing is asked of AWS. Backends, providers and import blocks, which only a root module may have,
are in the plans against a state: tests/local.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from allora_cli.terraform.synthesis import read_stacks
from devtools.eject.project import write_project
from devtools.eject.schemas import Schemas
from fast_synth.working_directories import INSTALLED_PROVIDERS
from settings import load_settings
from settings.fleet import Fleet
from stacks.app import build_app
from tests.conftest import SAMPLES, sample_fleet
from tests.terraform.conftest import Terraform
from tests.terraform.test_validate import PROVIDER

MOCKED = """
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a"] }
  }
  mock_data "aws_ec2_instance_type_offerings" {
    defaults = { locations = ["us-east-1a", "eu-central-1a"] }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0123456789abcdef0" }
  }
  mock_data "aws_subnet" {
    defaults = { vpc_id = "vpc-0123456789abcdef0", availability_zone = "us-east-1a" }
  }
}
"""

REFERENCE = re.compile(r"\b(aws_\w+)\.([\w-]+)\.(\w+)")
OUTPUT = re.compile(r"\boutputs\.([\w-]+)")

Plan = dict[str, Any]
"""What is planned, by address."""


@dataclass(frozen=True)
class Module:
    """A stack of a sample as a module, in one of the two languages."""

    language: str
    sample: str
    stack: str
    content: Mapping[str, Any]
    variables: str = ""

    @property
    def name(self) -> str:
        return f"{self.language}-{self.sample}-{self.stack}"

    @property
    def in_hcl(self) -> str:
        """The name of the other language's module."""
        return f"hcl-{self.sample}-{self.stack}"

    def configured(self, plan: Plan) -> Plan:
        """A plan with the attributes that the stack sets."""
        return {
            f"{type_}.{name}": set_in(content, plan[f"{type_}.{name}"]["after"])
            for type_, named in self.content["resource"].items()
            for name, content in named.items()
        }

    @property
    def call(self) -> str:
        source = f'source = "./{self.language}/{self.sample}/stacks/{self.stack}"'
        return f'module "{self.name}" {{\n{source}\n{self.variables}}}\n'

    def states(self) -> Iterator[str]:
        """What the state of another stack answers."""
        outputs = {name: made_up(name) for name in OUTPUT.findall(json.dumps(self.content))}
        for name in self.content.get("data", {}).get("terraform_remote_state", {}):
            target = f"module.{self.name}.data.terraform_remote_state.{name}"
            yield block("override_data", f"target = {target}", hcl({"outputs": outputs}))

    def known_values(self) -> Iterator[str]:
        """What resources refer to, which only AWS knows."""
        referred = REFERENCE.findall(json.dumps(self.content))
        for type_, named in self.content["resource"].items():
            for name, content in named.items():
                values = {
                    attribute: made_up(f"{name}-{attribute}")
                    for *address, attribute in referred
                    if address == [type_, name] and attribute not in content
                }
                target = f"target = module.{self.name}.{type_}.{name}\noverride_during = plan"
                if values:
                    yield block("override_resource", target, hcl(values))


def block(type_: str, target: str, values: str) -> str:
    return f"{type_} {{\n{target}\nvalues = {values}\n}}\n"


def made_up(name: str) -> str:
    """A value that the provider accepts, another one for each name."""
    return f"arn:aws:sns:us-east-1:123456789012:{name}" if name.endswith("arn") else name


def hcl(value: Mapping[str, Any]) -> str:
    """An object, which may be JSON in HCL."""
    return json.dumps(value)


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas.of(PROVIDER["required_providers"])


def test_terraform_plans_the_same_from_hcl_for_every_sample(
    tmp_path: Path, terraform: Terraform, schemas: Schemas
) -> None:
    samples: list[tuple[Path, Fleet | None]] = [(sample, None) for sample in SAMPLES]
    samples.append((SAMPLES[0], sample_fleet()))
    modules = [
        module
        for sample, fleet in samples
        for module in modules_of(sample, fleet, tmp_path, schemas)
    ]
    calls = "".join(module.call for module in modules)
    (tmp_path / "main.tf").write_text(calls)
    (tmp_path / "terraform.tf.json").write_text(json.dumps({"terraform": PROVIDER}))
    states = "".join(text for module in modules for text in module.states())
    known = "".join(text for module in modules for text in module.known_values())
    runs = f'run "plan" {{\ncommand = plan\n}}\nrun "known" {{\ncommand = plan\n{known}}}\n'
    (tmp_path / "plan.tftest.hcl").write_text(f"{MOCKED}{states}{runs}")

    runs_of_both = terraform.planned_with_mocks(tmp_path, INSTALLED_PROVIDERS)
    planned, known_plan = map(by_module, runs_of_both)
    pairs = [module for module in modules if module.language == "json"]
    assert len(pairs) == 2 * len(SAMPLES) + 3
    for module in pairs:
        expected, found = (planned[name] for name in (module.name, module.in_hcl))
        assert len(expected) == sum(map(len, module.content["resource"].values()))
        assert found == expected
        # With all references resolved; the mocks make up what nothing refers to.
        expected, found = (known_plan[name] for name in (module.name, module.in_hcl))
        assert module.configured(found) == module.configured(expected)


def modules_of(
    sample: Path, fleet: Fleet | None, directory: Path, schemas: Schemas
) -> Iterator[Module]:
    """Write a sample's stacks in both languages, without what only a root module may have."""
    name = "fleet" if fleet else sample.stem
    synthesized = directory / "json" / name
    synthesized.mkdir(parents=True)
    build_app(load_settings(sample, {}), outdir=str(synthesized), fleet=fleet).synth()
    stacks = read_stacks(synthesized)
    for content in stacks.values():
        content.pop("import", None)
    written = directory / "hcl" / name
    write_project(synthesized, stacks, written, schemas)
    for stack, content in stacks.items():
        del content["terraform"]["backend"], content["provider"]
        (synthesized / "stacks" / stack / "cdk.tf.json").write_text(json.dumps(content))
        yield Module("json", name, stack, content)
        folder = written / "stacks" / stack
        for file in ("backend.tf", "providers.tf"):
            (folder / file).unlink()
        values = "".join(file.read_text() for file in sorted(folder.glob("*.tfvars")))
        yield Module("hcl", name, stack, content, values)


def by_module(changes: list[dict[str, Any]]) -> dict[str, Plan]:
    """What is planned for each module, in a form that is the same in both languages."""
    found: dict[str, Plan] = {}
    for change in changes:
        module = change["module_address"].removeprefix("module.")
        address = change["address"].removeprefix(f"{change['module_address']}.")
        found.setdefault(module, {})[address] = {
            name: same_meaning(value)
            for name, value in change["change"].items()
            if name in ("after", "after_unknown", "after_sensitive")
        }
    return found


def same_meaning(value: Any) -> Any:
    """A value with its JSON documents read, its compressed texts unpacked, and no module's path."""
    if isinstance(value, dict):
        return {name: same_meaning(each) for name, each in value.items()}
    if isinstance(value, list):
        return [same_meaning(each) for each in value]
    if not isinstance(value, str):
        return value
    if value.startswith("H4sI"):
        return gzip.decompress(base64.b64decode(value)).decode()
    if value.startswith(("{", "[")):
        return json.loads(value)
    return value.removeprefix("json/").removeprefix("hcl/")


def set_in(content: Any, planned: Any) -> Any:
    """A planned value without what a stack's content does not set."""
    if isinstance(content, dict) and isinstance(planned, list):
        return [set_in(content, each) for each in planned]
    if isinstance(content, dict) and isinstance(planned, dict):
        return {name: set_in(content[name], planned[name]) for name in content if name in planned}
    if isinstance(content, list) and isinstance(planned, list):
        pairs = zip(content, planned, strict=True)
        return [set_in(each, of_plan) for each, of_plan in pairs]
    return planned


def test_what_is_called_otherwise_or_has_another_value_is_found() -> None:
    def planned(name: str, zone: str) -> dict[str, Plan]:
        change = {"after": {"zone": zone}, "after_unknown": {}, "after_sensitive": {}}
        address = {"module_address": "module.one", "address": f"module.one.aws_subnet.{name}"}
        return by_module([{**address, "change": change}])

    assert planned("a", "1") == planned("a", "1")
    assert planned("a", "1") != planned("b", "1")
    assert planned("a", "1") != planned("a", "2")
