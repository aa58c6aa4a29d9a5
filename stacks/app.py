"""The app and its stacks."""

from __future__ import annotations

from cdktf import App, TerraformStack

from settings import Settings
from settings.fleet import Fleet
from shared.stacks import COMMON, FLEET, SINGLE_NODE
from stacks.common_stack import CommonStack
from stacks.single_node_stack import SingleNodeStack


def build_app(settings: Settings, outdir: str | None = None, fleet: Fleet | None = None) -> App:
    """Return the app with its stacks, whose ids are a contract.

    Args:
        settings: Of the deployment.
        fleet: The workers on Fargate; without any there is no stack for them.
        outdir: Folder of the Terraform JSON; by default the CLI's, or `cdktf.out`.
    """
    app = App(outdir=outdir)
    common = CommonStack(app, COMMON, settings=settings, fleet=fleet)
    single_node = SingleNodeStack(
        app,
        SINGLE_NODE,
        settings=settings,
        instance_profile_name=common.instance_profile_name,
        alarm_topic_arn=common.alarm_topic_arn,
    )
    _require_outputs(single_node, of=COMMON)
    if fleet:
        # Many modules, which the synth of a host does without.
        from stacks.fleet_stack import FleetStack  # noqa: PLC0415

        stack = FleetStack(
            app,
            FLEET,
            settings=settings,
            fleet=fleet,
            execution_role_arn=common.execution_role_arn,
            alarm_topic_arn=common.alarm_topic_arn,
        )
        _require_outputs(stack, of=COMMON)
    return app


def _require_outputs(stack: TerraformStack, *, of: str) -> None:
    """Have a plan that needs another stack's outputs say in one sentence that there are none.

    Terraform would report each attribute that is missing.
    """
    stack.add_override(
        f"data.terraform_remote_state.cross-stack-reference-input-{of}.lifecycle.postcondition",
        [
            {
                "condition": "${length(self.outputs) > 0}",
                "error_message": (
                    f"{of} is not deployed: its state has no outputs. Deploy both stacks with "
                    f"allora deploy, or {of} first."
                ),
            }
        ],
    )
