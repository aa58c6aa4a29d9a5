"""Show the events of workflows: in sentences on a terminal, or as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Final, TypeVar

from rich.status import Status

from allora_cli.deploy import events
from allora_cli.deploy.checklist import Checklist
from allora_cli.deploy.sentences import sentences
from allora_cli.doctor.screen import show as show_report
from allora_cli.events import Event, EventCode, Phase, Returned, Workflow, Working
from allora_cli.host.log_events import Line
from allora_cli.host.log_format import text_of
from allora_cli.host.parts import Part
from allora_cli.terminal import console

Result = TypeVar("Result", bound=Event)


def run(workflow: Workflow[Result], *, json: bool, plan: bool = False) -> Result:
    """Run a workflow to its end, and show its events and its result.

    Args:
        workflow: what to run.
        json: whether each event is a line of JSON on stdout; questions go to stderr anyway.
        plan: whether the screen shows each attribute of Terraform's plans.
    """
    renderer = JsonLines() if json else Screen(plan=plan)
    with closing(renderer):
        result = watch(workflow, renderer)
        renderer.show(result)
    return result


def watch(workflow: Workflow[Returned], renderer: JsonLines | Screen) -> Returned:
    """Show a workflow's events as they come; return its result."""
    with closing(workflow):
        while True:
            try:
                event = next(workflow)
            except StopIteration as end:
                returned: Returned = end.value
                return returned
            renderer.show(event)


class JsonLines:
    """One JSON object a line on stdout, as soon as it happens; the last one is the result."""

    def show(self, event: Event) -> None:
        """Print one."""
        print(json.dumps(event.as_dict(), default=str), flush=True)

    def close(self) -> None:
        """Do nothing: each line is complete."""


_PHASES: Final[Mapping[Phase, str]] = {
    Phase.DOCTOR: "Looking at this computer, the account and the network",
    Phase.SYNTH: "Synthesizing the stacks",
    Phase.PLAN: "Terraform plans the stacks",
    Phase.REMOVE: "Removing secrets, snapshots and the state bucket",
    Phase.RESTART: "Restarting the service on the host",
    Phase.RESTART_TASKS: "Telling ECS to replace the tasks",
}

_WAITS: Final = {EventCode.WAIT, EventCode.RESTARTED}


class Screen:
    """Sentences: progress on stderr, the result on stdout.

    Args:
        plan: whether each attribute of Terraform's plans is shown.
    """

    def __init__(self, *, plan: bool = False) -> None:
        self._plan = plan
        self._status: Status | None = None
        self._checklist = Checklist(console.err)

    def close(self) -> None:
        """Stop what moves."""
        self._stop_status()
        self._checklist.stop()

    def show(self, event: Event) -> None:
        """Show one event."""
        self._stop_status()
        match event:
            case Working(phase):
                self._work(phase)
            case events.HostProgress() | events.HostActivity() | events.ObstacleMet():
                self._checklist.show(event)
            case events.Examined(report):
                show_report(report, console.err, next_step=False)
            case events.LogExcerpt(part, lines):
                self._show_log(part, lines)
            case events.StackPlanned() if not self._plan:
                pass  # the summary follows
            case _:
                self._show_sentences(event)

    def _show_sentences(self, event: Event) -> None:
        is_result = event.code is EventCode.RESULT
        if is_result:
            self._checklist.stop()
        for text, style in sentences(event):
            target = console.out if is_result else console.err
            target.print(text, markup=False, style=style)
        if event.code in _WAITS:
            self._checklist.start()

    def _show_log(self, part: Part, lines: tuple[Line, ...]) -> None:
        self._checklist.stop()
        console.err.print(f"The last lines of the {part} log that matter:", style="bold")
        for line in lines:
            console.err.print(text_of(part, line))

    def _work(self, phase: Phase) -> None:
        text = _PHASES[phase]
        if console.err.is_terminal:
            self._status = console.err.status(text)
            self._status.start()
        else:
            console.err.print(f"{text} …", markup=False)

    def _stop_status(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None
