"""The command reduces garbage collection before its imports, which allocate the most."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_collects_rarely_before_it_imports_the_rest() -> None:
    program = (
        "import gc, sys\n"
        "from allora_cli.__main__ import main\n"
        "from shared.garbage_collection import ALLOCATIONS\n"
        "assert gc.get_threshold()[0] != ALLOCATIONS\n"
        "assert not {'boto3', 'pydantic', 'allora_cli.app'} & sys.modules.keys()\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert gc.get_threshold()[0] == ALLOCATIONS\n"
    )
    subprocess.run([sys.executable, "-c", program, "--help"], check=True, cwd=ROOT)
