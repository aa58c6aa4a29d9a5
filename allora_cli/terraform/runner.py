"""Run Terraform on the synthesized stacks, in the folders that cdktf uses as well."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self, cast

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Event, Workflow
from allora_cli.terminal.interrupts import Forwarding
from allora_cli.terraform.messages import Severity, TerraformMessage, event_of
from allora_cli.terraform.plans import Plan, changes_of
from settings.environment import terraform_binary

_NO_CHANGES: Final = 0
_CHANGES: Final = 2
"""Exit codes of `terraform plan -detailed-exitcode`."""


class TerraformError(Exception):
    """Terraform has failed.

    Attributes:
        stack: the stack that it worked on.
        messages: its warnings and errors.
    """

    def __init__(self, stack: str, messages: Iterable[TerraformMessage]) -> None:
        super().__init__(stack)
        self.stack = stack
        self.messages = tuple(messages)


@dataclass(frozen=True)
class _Finished:
    code: int
    messages: tuple[TerraformMessage, ...]


class Terraform:
    """Terraform in the folders of synthesized stacks.

    Ctrl-C reaches Terraform, which ends in order; the method that waits for it then raises
    KeyboardInterrupt. The methods raise TerraformError when Terraform fails.

    Args:
        folder: of the synthesized app, such as `cdktf.out`.
        plans: a folder for saved plans.
    """

    def __init__(self, folder: Path, plans: Path) -> None:
        self._folder = folder
        self._plans = plans
        self._environment = environment()

    @classmethod
    @contextmanager
    def on(cls, folder: Path) -> Iterator[Self]:
        """Open it with a folder for plans, which may hold secrets: it is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="allora-plan-") as plans:
            yield cls(folder, Path(plans))

    def stack_folder(self, stack: str) -> Path:
        """Return the working directory of a stack."""
        return self._folder / "stacks" / stack

    def init(self, stacks: Sequence[str]) -> None:
        """Connect the folders to their states and providers, side by side."""
        # The state lies in S3 alone: one of another bucket must not be copied there.
        command = ("init", "-json", "-input=false", "-reconfigure")
        for stack, finished in self._side_by_side(dict.fromkeys(stacks, command)).items():
            if finished.code:
                raise TerraformError(stack, finished.messages)

    def plan(self, stacks: Sequence[str], *, destroy: bool = False) -> dict[str, Plan]:
        """Save a plan of each stack, side by side, and read what it changes."""
        options = ["-destroy"] if destroy else []
        finished = self._side_by_side(
            {
                stack: (
                    *("plan", "-json", "-input=false", "-detailed-exitcode"),
                    *(f"-out={self._plans / stack}", *options),
                )
                for stack in stacks
            }
        )
        for stack, each in finished.items():
            if each.code not in {_NO_CHANGES, _CHANGES}:
                raise TerraformError(stack, each.messages)
        return {stack: self._read(stack, each.code) for stack, each in finished.items()}

    def apply(self, plan: Plan) -> Workflow[None]:
        """Carry out a saved plan."""
        messages: list[TerraformMessage] = []
        command = ("apply", "-json", "-input=false", str(plan.file))
        with Forwarding() as signals:
            process = self._start(plan.stack, command, signals, stdout=subprocess.PIPE)
            for line in cast("IO[bytes]", process.stdout):
                event = _event(plan.stack, line)
                if isinstance(event, TerraformMessage):
                    messages.append(event)
                if event and not isinstance(event, _Stray):
                    yield event
            code = process.wait()
        if code:
            raise TerraformError(plan.stack, messages)

    def _read(self, stack: str, code: int) -> Plan:
        file = self._plans / stack
        if code == _NO_CHANGES:
            return Plan(stack, file, is_empty=True)
        with Forwarding() as signals, tempfile.TemporaryFile() as output:
            process = self._start(stack, ("show", "-json", str(file)), signals, stdout=output)
            if process.wait():
                raise TerraformError(stack, _messages(stack, output))
            output.seek(0)
            return Plan(stack, file, is_empty=False, changes=changes_of(json.load(output)))

    def _side_by_side(self, commands: Mapping[str, Sequence[str]]) -> dict[str, _Finished]:
        with ExitStack() as opened:
            outputs = {stack: opened.enter_context(tempfile.TemporaryFile()) for stack in commands}
            with Forwarding() as signals:
                started = {
                    stack: self._start(stack, command, signals, stdout=outputs[stack])
                    for stack, command in commands.items()
                }
                codes = {stack: process.wait() for stack, process in started.items()}
            return {
                stack: _Finished(code, tuple(_messages(stack, outputs[stack])))
                for stack, code in codes.items()
            }

    def _start(
        self, stack: str, command: Sequence[str], signals: Forwarding, *, stdout: IO[bytes] | int
    ) -> subprocess.Popen[bytes]:
        return signals.start(
            [terraform_binary(), *command],
            cwd=self.stack_folder(stack),
            env=self._environment,
            stdout=stdout,
        )


def environment() -> dict[str, str]:
    """Return our environment, with the project's own tools first in the path.

    Raises:
        OperatorError: Terraform is not installed.
    """
    tools = Path(sys.executable).parent
    variables = dict(os.environ)
    variables["PATH"] = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
    variables["TF_IN_AUTOMATION"] = "1"
    if shutil.which(terraform_binary(), path=variables["PATH"]) is None:
        raise OperatorError(
            ErrorCode.NOT_INSTALLED,
            "Terraform is not installed. Nothing was changed. Run: make setup",
        )
    return variables


class _Stray(TerraformMessage):
    """A line that is not JSON: of a wrapper, or of a crash."""


def _event(stack: str, line: bytes) -> Event | None:
    try:
        message: Any = json.loads(line)
    except ValueError:
        text = line.decode(errors="replace").strip()
        return _Stray(stack, Severity.ERROR, text) if text else None
    return event_of(stack, message)


def _messages(stack: str, output: IO[bytes]) -> Iterator[TerraformMessage]:
    output.seek(0)
    for line in output:
        event = _event(stack, line)
        if isinstance(event, TerraformMessage):
            yield event
