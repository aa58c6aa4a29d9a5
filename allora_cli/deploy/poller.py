"""Ask AWS how far a host has come: EC2, the host's logs, and its console if it is silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError

from allora_cli.aws.instances import find_instance, start_command
from allora_cli.aws.queries import PATIENCE
from allora_cli.context import Context
from allora_cli.deploy.progress import IS_FRESH, Progress
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.host import log_events
from allora_cli.host.log_events import Line
from allora_cli.host.log_reader import Follower
from allora_cli.host.status_report import parse_status

_LOOK_BACK: Final = timedelta(hours=6)
"""How far logs are read back, of a host that runs for long already."""

_CONSOLE_EVERY: Final = timedelta(seconds=20)
_MODEL_LINES: Final = 200
_UP: Final = {"pending", "running"}


class HostFeed:
    """Fills a `Progress` with an instance's reports.

    Args:
        context: whose worker.
        instance_id: the instance.
        progress: the progress to fill.
        silence: after how long without a line from a running host its console is read. EC2 shows
            that some minutes late, but without any help of the host's.

    Attributes:
        reads_console: whether the console has to do.
    """

    def __init__(
        self, context: Context, instance_id: str, progress: Progress, silence: timedelta
    ) -> None:
        self._ec2 = context.session.client("ec2", config=PATIENCE)
        self._logs = context.session.client("logs", config=PATIENCE)
        self._instance_id = instance_id
        self._progress = progress
        self._silence = silence
        self._groups = context.names.log_group_prefix
        now = datetime.now(UTC)
        since = max(progress.since, now - _LOOK_BACK)
        self._boot = self._follow("host", f"{instance_id}/boot", since)
        self._worker = self._follow("worker", instance_id, since)
        self._began = now
        self._console: set[str] = set()
        self._console_at: datetime | None = None
        self._is_silent = True
        self.reads_console = False

    def poll(self) -> None:
        """Look once.

        Raises:
            OperatorError: the instance does not run, and will not by itself.
            BotoCoreError, ClientError: AWS does not answer, or refuses.
        """
        now = datetime.now(UTC)
        state = self._require_instance()
        for line in self._boot.poll(now):
            self._is_silent = False
            self._progress.see_boot(line)
        for line in self._worker.poll(now):
            self._is_silent = False
            self._progress.see_worker(line)
        group = f"{self._groups}/host"
        newest = log_events.last_status(self._logs, group, self._instance_id, within=IS_FRESH)
        if newest and (status := parse_status(newest)):
            self._is_silent = False
            self._progress.see_status(status)
        if state == "running":
            self._progress.see_running(now)
        self.reads_console = self._is_silent and now - self._began >= self._silence
        if self.reads_console:
            with suppress(ClientError):  # a makeshift that the operator may not be allowed to read
                self._look_at_console(now)

    def model_lines(self) -> list[Line]:
        """Return the last lines of the model's log."""
        group = f"{self._groups}/model"
        return log_events.newest(
            self._logs, group, self._instance_id, count=_MODEL_LINES, within=_LOOK_BACK
        )

    def _follow(self, part: str, stream: str, since: datetime) -> Follower:
        group = f"{self._groups}/{part}"

        def read(begin: datetime | None) -> Iterator[Line]:
            return log_events.read(self._logs, group, stream, since=begin)

        return Follower(read, since)

    def _require_instance(self) -> str:
        """The instance's state; an OperatorError when it will not run by itself."""
        instance = find_instance(self._ec2, self._instance_id)
        state = instance["State"]["Name"] if instance else "gone"
        if state in {"stopping", "stopped"}:
            command = start_command(self._instance_id, self._ec2.meta.region_name)
            raise OperatorError(
                ErrorCode.INSTANCE_DOWN,
                f"The instance {self._instance_id} is {state}. Start it, and then run the same "
                f"command again: {command}",
            )
        if state not in _UP:
            raise OperatorError(
                ErrorCode.INSTANCE_DOWN,
                f"The instance {self._instance_id} is {state}. To make a new one: allora deploy",
            )
        return state

    def _look_at_console(self, now: datetime) -> None:
        if self._console_at and now - self._console_at < _CONSOLE_EVERY:
            return
        self._console_at = now
        for row in self._console_text().splitlines():
            # The kernel may write into the row before an event begins.
            text = row[row.find("{") :].strip()
            if text not in self._console:
                self._console.add(text)
                self._progress.see_boot(Line("", now, text))

    def _console_text(self) -> str:
        try:
            # What it shows at this moment, which only Nitro instances can answer.
            answer = self._ec2.get_console_output(InstanceId=self._instance_id, Latest=True)
        except ClientError as error:
            if error.response["Error"]["Code"] != "UnsupportedOperation":
                raise
            answer = self._ec2.get_console_output(InstanceId=self._instance_id)
        return answer.get("Output", "")
