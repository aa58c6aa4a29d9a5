"""A whole deployment on the embedded AWS."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from devtools.embedded_aws import emulator, workspace
from devtools.embedded_aws.emulator import Emulator
from devtools.embedded_aws.interrupts import Interrupts
from devtools.embedded_aws.steps import Steps
from devtools.embedded_aws.tools import Finished, ToolError, Tools
from devtools.embedded_aws.workspace import ENV_FILE, LOCAL, LOGS, OUTPUTS, ROOT
from shared.stacks import SINGLE_NODE, STACKS

_PATIENCE: Final = 60
"""Seconds for Terraform to save its state and to release its lock; ten are common."""
_IMPATIENCE: Final = 2
"""The same where the state goes with the embedded AWS anyway."""

_PLAN: Final = "terraform plan of both stacks"


def up(steps: Steps, interrupts: Interrupts) -> None:
    """Deploy both stacks, and show that nothing is left to change.

    Raises:
        EmulatorError: The embedded AWS did not come up.
        ToolError: A tool failed.
        Interrupted: Ctrl-C. The embedded AWS goes on only if it was there before.
    """
    with _embedded_aws(steps, interrupts) as tools:
        with steps.step("State bucket: allora bootstrap"):
            tools.run(
                sys.executable, "-m", "allora_cli", "bootstrap", "--yes", title="allora bootstrap"
            )
        if not (OUTPUTS.exists() and _is_up_to_date(steps, tools)):
            _deploy(steps, tools)
    _show_outputs(steps)


def destroy(steps: Steps, interrupts: Interrupts) -> None:
    """Destroy the stacks, also a fleet's: cdktf destroys none that another one depends on.

    Raises:
        ToolError: cdktf failed.
        Interrupted: Ctrl-C. The embedded AWS goes on.
    """
    running = emulator.find(LOCAL)
    if running is None:
        steps.say("The embedded AWS is not running: there is nothing to destroy.")
        return
    OUTPUTS.unlink(missing_ok=True)
    command = ("cdktf", "destroy", *reversed(workspace.stacks()))
    with steps.step(" ".join(command)):
        _tools(running, interrupts, patience=_PATIENCE).run(
            *command, "--auto-approve", title="cdktf destroy"
        )
    steps.say(
        "✔ The stacks are gone. The embedded AWS still runs: `make local` deploys again,\n"
        "  `make local-stop` ends it."
    )


def stop(steps: Steps) -> None:
    """End the embedded AWS, and remove all files but the settings."""
    stopped = emulator.stop(LOCAL)
    shutil.rmtree(LOCAL, ignore_errors=True)
    kept = f" {ENV_FILE.name} stays, in case you changed it." if ENV_FILE.exists() else ""
    steps.say(
        f"✔ The embedded AWS is stopped, and what was deployed on it is forgotten.{kept}"
        if stopped
        else f"The embedded AWS is not running.{kept}"
    )


@contextmanager
def _embedded_aws(steps: Steps, interrupts: Interrupts) -> Iterator[Tools]:
    """Start the embedded AWS unless it runs; end it again unless all goes well."""
    before = emulator.find(LOCAL)
    running = before
    try:
        with steps.step(f"Embedded AWS (moto) on this computer{', from before' * bool(before)}"):
            if running is None:
                workspace.forget_deployment()
                running = emulator.start(LOCAL, interrupts.check)
        workspace.prepare(running)
        yield _tools(running, interrupts, patience=_PATIENCE if before else _IMPATIENCE)
    except BaseException:
        if running and not before:
            running.stop()
        raise


def _tools(running: Emulator, interrupts: Interrupts, *, patience: float) -> Tools:
    environment = running.environment(os.environ) | workspace.variables()
    return Tools(ROOT, environment, LOGS, interrupts, patience)


def _is_up_to_date(steps: Steps, tools: Tools) -> bool:
    """Return whether settings and code ask for nothing but what is deployed."""
    with steps.step("cdktf synth"):
        tools.run("cdktf", "synth", title="cdktf synth")
    with steps.step(_PLAN):
        return not any(finished.code for finished in _plan(tools))


def _deploy(steps: Steps, tools: Tools) -> None:
    OUTPUTS.unlink(missing_ok=True)
    command = ("cdktf", "deploy", *STACKS)
    with steps.step(" ".join(command)):
        tools.run(
            *(*command, "--auto-approve", "--outputs-file", str(OUTPUTS)),
            "--outputs-file-include-sensitive-outputs=false",
            title="cdktf deploy",
        )
    with steps.step(_PLAN):
        for finished in _plan(tools):
            if finished.code:
                raise ToolError(finished, "finds something to change right after the deployment")


def _plan(tools: Tools) -> list[Finished]:
    """Compare what was synthesized with what is deployed: without a difference, the code is 0."""
    folder = ROOT / workspace.variables()["CDKTF_OUTPUT"] / "stacks"
    options = ("-input=false", "-detailed-exitcode")
    return tools.run_together(
        {
            f"terraform plan {stack}": ("terraform", f"-chdir={folder / stack}", "plan", *options)
            for stack in STACKS
        }
    )


def _show_outputs(steps: Steps) -> None:
    steps.say("✔ Both stacks are deployed; Terraform finds no changes. Nothing touched AWS.")
    steps.say("Outputs; the command and the link are as on AWS, and lead nowhere here:")
    for name, value in workspace.outputs(SINGLE_NODE).items():
        steps.say(f"  {name:<17} {value}")
    steps.say(f"Next: . .local/activate    then cdktf diff {SINGLE_NODE}, or allora doctor")
    steps.say("End:  make local-destroy takes the stacks down, make local-stop ends this AWS")
