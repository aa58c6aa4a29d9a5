"""`make eject TO=folder`: write the stacks of the present settings as HCL."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from allora_cli.errors import OperatorError
from allora_cli.terraform.synthesis import read_stacks, synthesize
from devtools.eject.project import write_project
from devtools.eject.refusal import EjectError
from devtools.eject.schemas import Schemas
from settings import SettingsError, load_settings
from settings.fleet_file import load_fleet
from shared.any_locale import print_in_any_locale


def main() -> int:
    """Return the exit code: EX_CONFIG for wrong settings, 1 for what else keeps it from working."""
    print_in_any_locale()
    parser = argparse.ArgumentParser(prog="make eject", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    folder = parser.parse_args().folder.expanduser()
    try:
        load_settings()
        load_fleet()
        eject(folder)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return os.EX_CONFIG
    except (EjectError, OperatorError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The stacks are in {folder}, and nothing in AWS has changed. Go on: {folder}/README.md")
    return 0


def eject(folder: Path) -> None:
    """Write the stacks of the settings in force into a folder.

    Raises:
        EjectError: The folder is not empty, or something cannot be written.
        OperatorError: The stacks cannot be synthesized, or Terraform is not installed.
    """
    if str(folder) in ("", "."):
        raise EjectError("TO names no folder. Name a new one, as in: make eject TO=../my-terraform")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise EjectError(
            f"TO={folder} is there already, and is not an empty folder. Name a new one."
        )
    with TemporaryDirectory() as synthesized:
        synthesize(Path(synthesized))
        stacks = read_stacks(Path(synthesized))
        required = stacks[next(iter(stacks))]["terraform"]["required_providers"]
        write_project(Path(synthesized), stacks, folder, Schemas.of(required))


if __name__ == "__main__":
    sys.exit(main())
