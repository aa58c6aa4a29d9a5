"""The files of `make local`: settings, activation, what was deployed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Final

from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from settings.fleet_file import FLEET_FILE
from shared.stacks import ALL_STACKS, STACKS

ROOT: Final = Path(__file__).resolve().parents[2]
LOCAL: Final = ROOT / ".local"
LOGS: Final = LOCAL / "logs"
ENV_FILE: Final = ROOT / ".env.local"
OUTPUTS: Final = LOCAL / "single-node-deploy.json"
"""The outputs of both stacks. It is there while both are deployed."""

_OUTDIR: Final = LOCAL / "cdktf.out"
_BIN: Final = ROOT / ".venv" / "bin"


def variables() -> dict[str, str]:
    """Return the variables that lead the project's commands to these files."""
    return {
        "ALLORA_ENV_FILE": str(ENV_FILE),
        # Apart from what a deployment to AWS leaves in cdktf.out, such as its backend's settings.
        "CDKTF_OUTPUT": str(_OUTDIR.relative_to(ROOT)),
    }


def stacks() -> tuple[str, ...]:
    """Return the stacks that these files describe, in the order of deployment."""
    return ALL_STACKS if ENV_FILE.with_name(FLEET_FILE).exists() else STACKS


def prepare(emulator: Emulator) -> None:
    """Write the settings, unless there are some, and the file to source."""
    if not ENV_FILE.exists():
        sample = (ROOT / "samples" / "testnet.env").read_text(encoding="utf-8")
        ENV_FILE.write_text(
            re.sub(r"(?m)^AWS_ACCOUNT_ID=.*$", f"AWS_ACCOUNT_ID={ACCOUNT_ID}", sample),
            encoding="utf-8",
        )
    (LOCAL / "activate").write_text(_activation(emulator), encoding="utf-8")


def outputs(stack: str) -> dict[str, str]:
    """Return the outputs of a stack that is deployed."""
    of_stack: dict[str, str] = json.loads(OUTPUTS.read_text(encoding="utf-8"))[stack]
    return of_stack


def forget_deployment() -> None:
    """Remove what belongs to an embedded AWS that is no more."""
    OUTPUTS.unlink(missing_ok=True)
    shutil.rmtree(_OUTDIR, ignore_errors=True)


def _activation(emulator: Emulator) -> str:
    """Return a script to source (bash, zsh, sh) as often as one likes."""
    assignments = (emulator.variables() | variables()).items()
    return f"""\
# Source this (bash, zsh): this shell's AWS is the embedded one on this computer.
for name in $(env | sed -n 's/^\\(AWS_[A-Za-z0-9_]*\\)=.*/\\1/p'); do
  unset "$name"
done
{"".join(f"export {name}={shlex.quote(value)}" + chr(10) for name, value in assignments)}\
# No proxy can reach this computer.
for host in 127.0.0.1 localhost; do
  case ",${{NO_PROXY:=${{no_proxy:-}}}}," in
    ,\\*, | *",$host,"*) ;;
    *) NO_PROXY="${{NO_PROXY:+$NO_PROXY,}}$host" ;;
  esac
done
export NO_PROXY no_proxy="$NO_PROXY"
unset name host
case "$PATH" in
  {shlex.quote(str(_BIN))}:*) ;;
  *) export PATH={shlex.quote(str(_BIN))}:"$PATH" ;;
esac
case "${{PS1:-}}" in
  "(embedded AWS) "*) ;;
  *) export PS1="(embedded AWS) ${{PS1:-}}" ;;
esac
"""
