"""Synthesize every sample, and a fleet: `python -m tests.terraform.every_sample FOLDER`.

A program, since it also runs in a moved checkout, with other packages and no pytest.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fast_synth.acceleration import accelerate

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def main(folder: Path) -> None:
    """Write each sample's stacks into a folder of its name, and the fleet's into `fleet`."""
    accelerate()
    from settings import load_settings  # noqa: PLC0415 - after what makes it fast
    from settings.fleet_file import load_fleet  # noqa: PLC0415
    from stacks.app import build_app  # noqa: PLC0415

    folder.mkdir()
    for sample in SAMPLES.glob("*.env"):
        build_app(load_settings(sample, {}), outdir=str(folder / sample.stem)).synth()
    beside = folder / "settings"
    beside.mkdir()
    shutil.copy(SAMPLES / "fleet.toml", beside)
    testnet = Path(shutil.copy(SAMPLES / "testnet.env", beside))
    fleet = load_fleet(testnet, {})
    build_app(load_settings(testnet, {}), outdir=str(folder / "fleet"), fleet=fleet).synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
