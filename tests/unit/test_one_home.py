"""What several parts agree on is written in one place, and imported everywhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from allora_cli.terraform.deployment import Deployment
from containers.worker.allora_worker import contract, metric_names
from shared import stacks

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ("settings", "shared", "stacks", "constructs_lib", "user_data", "allora_cli")
"""The packages that run where somebody deploys from, beside main.py."""

WORKER = "containers/worker/allora_worker"
HOMES = {
    "shared/stacks.py": [*stacks.STACKS, *map(stacks.state_key, stacks.STACKS)],
    f"{WORKER}/contract.py": [*contract.Secret, contract.FAUCET],
    f"{WORKER}/metric_names.py": [
        metric.name
        for metric in metric_names.METRICS
        if len(re.findall("[A-Z]", metric.name)) > 1  # "Balance" is a word, too
    ],
}
"""Who may spell which names."""


def sources(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield each file of the packages with its syntax tree."""
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text("utf-8"))


def literals(tree: ast.Module) -> Iterator[str]:
    """Yield the texts in a file that are values: neither docstrings nor parts of sentences."""
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        ):
            yield node.value


@pytest.mark.parametrize("home", HOMES)
def test_a_name_is_spelt_in_its_home_alone(home: str) -> None:
    names = tuple(HOMES[home])
    spelt = {
        (str(file), text)
        for file, tree in sources(*DEPLOYMENT, "containers", "devtools")
        for text in literals(tree)
        if str(file) != home
        if text in names
        or text.startswith(tuple(f"{name}/" for name in names))
        or text.endswith(tuple(f"/{name}" for name in names))
    }
    assert not spelt


def test_the_names_are_a_contract() -> None:
    assert stacks.STACKS == ("allora-common", "allora-single-node")
    assert [stacks.state_key(stack) for stack in stacks.STACKS] == [
        "allora-common/terraform.tfstate",
        "allora-single-node/terraform.tfstate",
    ]
    assert stacks.ARCHIVE_PREFIX == "allora-single-node/build-contexts"
    assert [str(secret) for secret in contract.Secret] == ["mnemonic", "api-key", "inference-token"]


def test_the_command_reads_outputs_that_there_are() -> None:
    outputs = {field.name for field in fields(stacks.SingleNodeOutputs)}
    assert {field.name for field in fields(Deployment)} <= outputs


def test_the_host_fetches_the_secrets_of_the_contract() -> None:
    """It runs without the project's packages."""
    tree = ast.parse((ROOT / "scripts/host/bin/fetch-secrets.py").read_text("utf-8"))
    fetched = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Secret"
        and isinstance(call.args[0], ast.Constant)
    }
    assert fetched == {str(secret) for secret in contract.Secret}


def environment_reads(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that read a variable; a copy of all for a child process is none."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get")):
                if not (isinstance(node.args[0], ast.Constant) and node.args[0].value == "PATH"):
                    yield node.lineno
            case ast.Subscript(value=ast.Attribute(attr="environ"), ctx=ast.Load()):
                yield node.lineno
            case ast.Compare(comparators=[ast.Attribute(attr="environ")]):
                yield node.lineno
            case ast.Attribute(attr="getenv") | ast.Name(id="getenv"):
                yield node.lineno
            case ast.ImportFrom(module="os", names=names):
                if {"environ", "getenv"} & {name.name for name in names}:
                    yield node.lineno


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        f"{file}:{line}"
        for file, tree in sources(*DEPLOYMENT)
        if file.parts[0] != "settings"
        for line in environment_reads(tree)
    }
    assert not readers
    assert not list(environment_reads(ast.parse((ROOT / "main.py").read_text("utf-8"))))


def test_ports_are_those_of_the_contract() -> None:
    compose = yaml.safe_load((ROOT / "scripts/host/compose.yaml").read_text("utf-8"))
    assert compose["services"]["worker"]["ports"] == [f"${{WORKER_PORT}}:{contract.PORT}"]
    for image, port in (("worker", contract.PORT), ("model_server", contract.MODEL_PORT)):
        dockerfile = (ROOT / "containers" / image / "Dockerfile").read_text("utf-8")
        assert f"\nEXPOSE {port}\n" in dockerfile


def test_the_plan_of_pull_requests_knows_the_stacks() -> None:
    script = (ROOT / ".github/scripts/plan.sh").read_text("utf-8")
    named = re.findall(r"^ *(?:plan|echo) (allora-\S+)", script, re.MULTILINE)
    assert set(named) == set(stacks.ALL_STACKS)
