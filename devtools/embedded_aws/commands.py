"""The commands behind `make local` and its counterparts."""

from __future__ import annotations

import typer

from devtools.embedded_aws import deployment
from devtools.embedded_aws.emulator import EmulatorError, find
from devtools.embedded_aws.interrupts import Interrupted, Interrupts
from devtools.embedded_aws.steps import Steps
from devtools.embedded_aws.tools import ToolError, telling_lines
from devtools.embedded_aws.workspace import LOCAL, ROOT

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
steps = Steps()


@app.command()
def up(context: typer.Context) -> None:
    """Deploy both stacks on the embedded AWS, and show that nothing is left to change."""
    deployment.up(steps, context.obj)


@app.command()
def destroy(context: typer.Context) -> None:
    """Destroy both stacks on the embedded AWS."""
    deployment.destroy(steps, context.obj)


@app.command(name="stop")
def stop_() -> None:
    """Stop the embedded AWS, and forget what was deployed on it."""
    deployment.stop(steps)


def run(interrupts: Interrupts) -> int:
    """Run a command; whatever ends it early ends in a sentence and an exit code."""
    try:
        app(obj=interrupts)
    except Interrupted:
        steps.say(f"Interrupted: {_what_is_left()}")
        return interrupts.exit_code()
    except EmulatorError as error:
        steps.say(f"✘ {error}", style="red")
    except ToolError as error:
        for line in telling_lines(error.tool.output):
            steps.say(f"    {line}")
        log = error.tool.log.relative_to(ROOT)
        steps.say(f"✘ {error}; its whole output is in {log}.", style="red")
        steps.say(f"  Nothing touched AWS; {_what_is_left()}")
    return 1


def _what_is_left() -> str:
    if find(LOCAL):
        return (
            "the embedded AWS from before still runs, `make local` goes on with it, and "
            "`make local-stop` ends it."
        )
    return "nothing is left running, and `make local` begins afresh."
