"""The app and its stacks."""

from __future__ import annotations

from cdktf import App

from settings import Settings
from shared.stacks import COMMON, SINGLE_NODE
from stacks.common_stack import CommonStack
from stacks.single_node_stack import SingleNodeStack


def build_app(settings: Settings, outdir: str | None = None) -> App:
    """Return the app with its stacks, whose ids are a contract.

    Args:
        settings: Of the deployment.
        outdir: Folder of the Terraform JSON; by default the CLI's, or `cdktf.out`.
    """
    app = App(outdir=outdir)
    common = CommonStack(app, COMMON, settings=settings)
    SingleNodeStack(
        app,
        SINGLE_NODE,
        settings=settings,
        instance_profile_name=common.instance_profile_name,
        alarm_topic_arn=common.alarm_topic_arn,
    )
    return app
