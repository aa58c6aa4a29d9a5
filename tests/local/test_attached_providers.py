"""The AWS providers that run as long as a test: whose they are, and that none stays behind."""

from __future__ import annotations

import shutil

import psutil

from shared.stacks import STACKS
from tests.local.attached_providers import attached_providers
from tests.local.template import Deployed

COMMON, HOST = STACKS


def providers() -> set[int]:
    """Return those that this process has started."""
    children = psutil.Process().children(recursive=True)
    return {each.pid for each in children if "terraform-provider" in each.name()}


def test_a_stack_s_commands_share_a_provider_which_ends_with_the_test(deployed: Deployed) -> None:
    before = providers()
    with attached_providers() as attached:
        deployment = deployed.deployment
        deployment.variables |= attached
        # Nothing else can start one.
        shutil.rmtree(deployment.folder(HOST) / ".terraform" / "providers")
        plan = ("plan", "-input=false", "-detailed-exitcode")
        planned = deployment.terraform(HOST, *plan)
        assert planned.returncode == 0, planned.output
        (first,) = providers() - before
        assert deployment.terraform(HOST, *plan).returncode == 0
        assert providers() - before == {first}
        assert deployment.terraform(COMMON, "validate").returncode == 0
        assert len(providers() - before) == 2
        assert deployment.run(attached["TERRAFORM_BINARY_NAME"], "version").returncode == 0
        assert len(providers() - before) == 2, "no stack, no provider"
        deployment.variables["AWS_MAX_ATTEMPTS"] = "2"
        assert deployment.terraform(HOST, *plan).returncode == 0
        assert first not in providers(), "another configuration, another provider"
        assert len(providers() - before) == 2
    assert providers() == before
