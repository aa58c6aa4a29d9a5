#!/usr/bin/env python3
"""Composition root: settings in, Terraform JSON out. `cdktf` runs it (cdktf.json)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fast_synth.acceleration import accelerate


def main() -> int:
    """Load the settings and synthesize; return the exit code: EX_CONFIG for wrong settings."""
    accelerate()
    # Not before: `cdktf` starts Node when it is imported.
    from fast_synth.working_directories import prepare_working_directories  # noqa: PLC0415
    from settings import SettingsError, load_settings  # noqa: PLC0415
    from settings.fleet_file import load_fleet  # noqa: PLC0415
    from shared.any_locale import print_in_any_locale  # noqa: PLC0415
    from stacks.app import build_app  # noqa: PLC0415

    print_in_any_locale()
    try:
        settings = load_settings()
        for warning in settings.warnings:
            print(f"Warning: {warning}")  # the CLI would call it an error on stderr
        app = build_app(settings, fleet=load_fleet())
        app.synth()
        prepare_working_directories(Path(app.outdir))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return os.EX_CONFIG
    return 0


if __name__ == "__main__":
    sys.exit(main())
