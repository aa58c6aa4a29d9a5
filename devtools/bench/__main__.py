"""Measures what a synth and the CLI cost: `python -m devtools.bench`.

The lower the load of the machine, the better the figures. Nothing here passes or fails.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from devtools.bench import cli, fleet, synth
from devtools.bench.fleet import Growth
from devtools.bench.synth import Cost, MeasurementError


def main() -> int:
    """Measure, print tables, and return the exit code."""
    options = _parser().parse_args()
    try:
        results = _measure_synth(options) | _measure_cli(options) | _measure_fleet(options)
    except MeasurementError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


def _measure_cli(options: argparse.Namespace) -> dict[str, object]:
    times = cli.measure(options.cli_runs)
    _print_cli(times, options.cli_runs)
    return {"cli": times}


def _measure_synth(options: argparse.Namespace) -> dict[str, object]:
    warm = synth.measure_warm(options.runs)
    _print_synth(f"`python main.py`, median of {options.runs} runs", warm)
    first = synth.measure_first(options.first_runs)
    _print_synth(f"With an empty jsii cache, median of {options.first_runs} runs", first)
    return {"synth": {"warm": _as_json(warm), "first": _as_json(first)}}


def _measure_fleet(options: argparse.Namespace) -> dict[str, object]:
    growth = fleet.measure(options.workers, options.runs)
    _print_growth(growth)
    return {"fleet": [asdict(each) for each in growth]}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs per variant (default: 7)")
    parser.add_argument(
        "--first-runs", type=int, default=2, help="runs with an empty cache (default: 2)"
    )
    parser.add_argument(
        "--cli-runs", type=int, default=3, help="runs of cdktf and Terraform (default: 3)"
    )
    parser.add_argument(
        "--workers",
        type=int,
        nargs="*",
        default=fleet.WORKERS,
        help="sizes of fleets (default: 1 10 100)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser


def _print_synth(title: str, costs: dict[str, Cost]) -> None:
    table = Table("", "seconds", "/ empty", "naive / this", "Python MB", "Node MB", title=title)
    for variant, cost in costs.items():
        table.add_row(
            variant,
            f"{cost.seconds:.2f}",
            f"{cost.seconds / costs['empty'].seconds:.2f}",
            f"{costs['naive'].seconds / cost.seconds:.1f}",
            f"{cost.python_mb:.0f}",
            f"{cost.node_mb:.0f}",
        )
    Console().print(table)


def _print_cli(times: dict[str, float], runs: int) -> None:
    table = Table("", "seconds", title=f"Nothing to change, median of {runs} runs")
    for name, seconds in times.items():
        table.add_row(name, f"{seconds:.2f}")
    Console().print(table)


def _print_growth(growth: list[Growth]) -> None:
    table = Table("Workers", title="A fleet: seconds, and what is in the name")
    for column in ("synth", "JSON kB", "first plan", "apply", "empty plan", "its requests"):
        table.add_column(column)
    for each in growth:
        table.add_row(
            str(each.workers),
            f"{each.synth:.2f}",
            f"{each.json_kb:.0f}",
            f"{each.first_plan:.1f}",
            f"{each.apply:.1f}",
            f"{each.empty_plan:.1f}",
            str(each.requests),
        )
    Console().print(table)


def _as_json(costs: dict[str, Cost]) -> dict[str, dict[str, float]]:
    return {variant: asdict(cost) for variant, cost in costs.items()}


if __name__ == "__main__":
    sys.exit(main())
