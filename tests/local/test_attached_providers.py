"""The AWS providers that run as long as a test: whose they are, and that none stays behind."""

from __future__ import annotations

import psutil

from shared.stacks import STACKS
from tests.local.attached_providers import attached_providers
from tests.local.template import Deployed

COMMON, HOST = STACKS


def providers() -> set[int]:
    """The processes that this one has started."""
    children = psutil.Process().children()
    return {each.pid for each in children if "terraform-provider" in each.name()}


def test_a_stack_s_commands_share_one_which_ends_with_the_test(deployed: Deployed) -> None:
    before = providers()
    with attached_providers() as attached:
        deployment = deployed.deployment
        deployment.variables |= attached
        assert deployment.terraform(HOST, "init", "-input=false").returncode == 0
        (first,) = providers() - before
        plan = deployment.terraform(HOST, "plan", "-input=false", "-detailed-exitcode")
        assert plan.returncode == 0, plan.output
        assert providers() - before == {first}
        assert deployment.terraform(COMMON, "validate").returncode == 0
        assert len(providers() - before) == 2
    assert providers() == before
