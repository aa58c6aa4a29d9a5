#!/usr/bin/env python3
"""Composition root: settings in, Terraform JSON out. `cdktf` runs it (cdktf.json)."""

from __future__ import annotations

import sys
from pathlib import Path

# First, because it prepares the process that `cdktf` starts when it is imported.
import constructs_lib  # noqa: F401

# isort: split

from cdktf import App

from scripts.any_locale import print_in_any_locale
from settings import Settings, SettingsError, load_settings
from stacks.common_stack import CommonStack
from stacks.single_node_stack import SingleNodeStack
from stacks.working_directories import prepare_working_directories


def build_app(settings: Settings, outdir: str | None = None) -> App:
    """The app with its stacks. Their ids are a contract: `cdktf deploy` names them.

    Args:
        settings: what to deploy, and where.
        outdir: where the Terraform JSON goes; `None`: where the CLI says, or `cdktf.out`.
    """
    app = App(outdir=outdir)
    common = CommonStack(app, "allora-common", settings=settings)
    SingleNodeStack(
        app,
        "allora-single-node",
        settings=settings,
        instance_profile_name=common.instance_profile_name,
        alarm_topic_arn=common.alarm_topic_arn,
    )
    return app


def main() -> int:
    """Loads the settings and synthesizes; returns the exit code."""
    print_in_any_locale()
    try:
        settings = load_settings()
        for warning in settings.warnings:
            print(f"Warning: {warning}")  # the CLI would call it an error on stderr
        app = build_app(settings)
        app.synth()
        prepare_working_directories(Path(app.outdir))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
