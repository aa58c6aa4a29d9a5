"""One measured synth, in a process of its own: `python -m devtools.bench.probe VARIANT REPORT`.

When everything has ended, it writes the peak memory of Python and of Node to the file REPORT.
"""

import atexit
import json
import resource
import runpy
import sys
from pathlib import Path

from fast_synth import acceleration

BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
"""Of `ru_maxrss`: bytes on macOS, kibibytes elsewhere (`man getrusage`)."""


def main() -> None:
    """Synthesize the variant that the command line names."""
    variant, report = sys.argv[1:]
    # `atexit` runs in reverse order: registered before jsii's, this runs when Node has ended.
    atexit.register(_write_peak_memory, Path(report))
    VARIANTS[variant]()


def _synthesize_app() -> None:
    runpy.run_path("main.py", run_name="__main__")


def _synthesize_app_without_measures() -> None:
    acceleration.accelerate = _do_nothing
    _synthesize_app()


def _do_nothing(*, early: bool = True) -> None:
    """Stand for `accelerate`."""


def _synthesize_empty_app() -> None:
    from cdktf import App  # noqa: PLC0415 - the import is part of what is measured

    App().synth()


VARIANTS = {
    "naive": _synthesize_app_without_measures,
    "ours": _synthesize_app,
    "empty": _synthesize_empty_app,
}


def _write_peak_memory(report: Path) -> None:
    report.write_text(
        json.dumps(
            {
                "python_mb": _peak_mb(resource.RUSAGE_SELF),
                "node_mb": _peak_mb(resource.RUSAGE_CHILDREN),
            }
        )
    )


def _peak_mb(who: int) -> float:
    """The largest resident set, in MB, that one process has had: this one, or a descendant."""
    return resource.getrusage(who).ru_maxrss * BYTES_PER_UNIT / 1e6


if __name__ == "__main__":
    main()
