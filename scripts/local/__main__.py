"""A whole deployment on the embedded AWS, for `make local` and its counterparts."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.panel import Panel

from scripts.local.emulator import ACCOUNT_ID, Emulator, EmulatorError, find, start

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
ENV_FILE = ROOT / ".env.local"
OUTDIR = LOCAL / "cdktf.out"
OUTPUTS = LOCAL / "single-node-deploy.json"
STACKS = ("allora-common", "allora-single-node")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
out = Console(highlight=False, soft_wrap=True)


@app.command()
def up() -> None:
    """Deploys both stacks on the embedded AWS and shows that nothing is left to change."""
    _step("Starting the embedded AWS (moto) on this computer")
    emulator = start(LOCAL)
    _write_env_file()
    _write_activation(emulator)
    out.print(f"{emulator.url}, settings in {ENV_FILE.name}")

    _step("Making the state bucket: allora bootstrap")
    _run(emulator, sys.executable, "-m", "scripts.operator", "bootstrap")

    _step(f"Deploying: cdktf deploy {' '.join(STACKS)}")
    _run(
        emulator,
        *("cdktf", "deploy", *STACKS, "--auto-approve"),
        *("--outputs-file", str(OUTPUTS), "--outputs-file-include-sensitive-outputs=false"),
    )
    for stack in STACKS:
        _step(f"Is anything left to change? cdktf diff {stack}")
        _run(emulator, "cdktf", "diff", stack)
    _step("The outputs of allora-single-node")
    for name, value in json.loads(OUTPUTS.read_text())[STACKS[1]].items():
        out.print(f"{name:<18} {value}", markup=False)
    out.print()
    out.print(
        Panel(
            f"""\
[bold]All of this ran on an embedded AWS on this computer.
Nothing touched AWS, and nothing costs money.[/]

The outputs are also in {OUTPUTS.relative_to(ROOT)}.

Go on with it (a shell whose AWS is the embedded one):
  [bold]. .local/activate[/]
  [bold]cdktf diff allora-single-node[/]    after a change in .env.local
  [bold]cdktf deploy allora-common allora-single-node[/]
  [bold]allora doctor[/]    looks at what a deployment needs (more: allora --help)

Take it down:    [bold]make local-destroy[/]
Stop the embedded AWS (it forgets everything):    [bold]make local-stop[/]
Deploy to the real AWS:    README.md, "Deploy to AWS\"""",
            title="Done",
            border_style="green",
        ),
        soft_wrap=False,
    )


@app.command()
def destroy() -> None:
    """Destroys both stacks on the embedded AWS."""
    emulator = find(LOCAL)
    if emulator is None:
        out.print("The embedded AWS is not running: there is nothing to destroy. Start: make local")
        return
    _step("Destroying: cdktf destroy allora-single-node allora-common")
    _run(emulator, "cdktf", "destroy", *reversed(STACKS), "--auto-approve")
    out.print("Nothing is left of the stacks. The embedded AWS goes on: [bold]make local-stop[/]")


@app.command()
def stop() -> None:
    """Stops the embedded AWS and forgets what was deployed on it."""
    if emulator := find(LOCAL):
        emulator.stop()
        out.print("The embedded AWS is stopped.")
    else:
        out.print("The embedded AWS is not running.")
    shutil.rmtree(LOCAL, ignore_errors=True)
    out.print(f"{ENV_FILE.name} is kept, in case you changed it.")


def _step(title: str) -> None:
    out.print()
    out.rule(f"[bold]{title}", align="left")


def _run(emulator: Emulator, *command: str) -> None:
    """Runs a command against the embedded AWS, its output on the screen.

    Raises:
        SystemExit: it failed; what it printed says why.
    """
    environment = emulator.environment(os.environ) | _our_variables()
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        out.print(f"\n[red]✘ {shlex.join(command)} failed[/]; the reason is above.")
        out.print("Nothing touched AWS.")
        out.print("To begin afresh: [bold]make local-stop[/], then [bold]make local[/].")
        sys.exit(1)


def _our_variables() -> dict[str, str]:
    return {
        "ALLORA_ENV_FILE": str(ENV_FILE),
        # Apart from what a deployment to AWS leaves in cdktf.out, such as its backend's settings.
        "CDKTF_OUTPUT": str(OUTDIR.relative_to(ROOT)),
    }


def _write_env_file() -> None:
    """Settings for the embedded AWS, made from the sample; never over somebody's changes."""
    if ENV_FILE.exists():
        return
    sample = (ROOT / "samples" / "testnet.env").read_text(encoding="utf-8")
    ENV_FILE.write_text(
        re.sub(r"(?m)^AWS_ACCOUNT_ID=.*$", f"AWS_ACCOUNT_ID={ACCOUNT_ID}", sample),
        encoding="utf-8",
    )


def _write_activation(emulator: Emulator) -> None:
    """A file to source: the shell that does so speaks to the embedded AWS, and says so."""
    variables = emulator.variables() | _our_variables()
    lines = [
        "# Source this (bash, zsh): this shell's AWS is the embedded one on this computer.",
        r"for name in $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p'); do",
        '  unset "$name"',
        "done",
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
        f"export PATH={shlex.quote(str(ROOT / '.venv' / 'bin'))}:$PATH",
        'export PS1="(embedded AWS) ${PS1:-}"',
    ]
    (LOCAL / "activate").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        app()
    except EmulatorError as error:
        sys.exit(str(error))
