"""A host: a disk, and systemd-nspawn that boots it with its own systemd."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.host_events import Event, State
from tests.host import cloud, control_groups, namespaces
from tests.host.command import CommandError, run
from tests.host.slots import Slot
from tests.host.waiting import wait_for

_REBOOT = (
    133  # https://www.freedesktop.org/software/systemd/man/latest/systemd-nspawn.html#--keep-unit
)
_POWER_OFF = (
    signal.SIGRTMIN + 4
)  # https://www.freedesktop.org/software/systemd/man/latest/systemd.html

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


class Machine:
    """An instance: made from a disk image, booted, entered, rebooted, ended.

    Args:
        image: of the disk that it begins with.
        directory: for its disk and its console.
        slot: whose network it is in.

    Attributes:
        booted_at: when it was last started, in seconds since 1970.
    """

    def __init__(self, image: Path, directory: Path, slot: Slot) -> None:
        self._directory = directory
        self.booted_at = 0.0
        self._slot = slot
        self._process: subprocess.Popen[bytes] | None = None
        self._name = f"{slot.name}-{directory.name}"
        self._group = control_groups.create(self._name)
        directory.mkdir(parents=True)
        self.root = directory / "root"
        self.root.mkdir()
        self._disk = directory / "disk.ext4"
        run("cp", "--sparse=always", "--reflink=auto", str(image), str(self._disk))
        run("mount", "-o", "loop", str(self._disk), str(self.root))

    @property
    def console(self) -> str:
        """All that its serial console has shown."""
        return (self._directory / "console.log").read_text(errors="replace")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The host's events that its serial console has shown."""
        # systemd shows on the same line which job it waits for.
        rows = (row.partition('{"event": ') for row in self.console.splitlines())
        return [json.JSONDecoder().raw_decode(mark + rest)[0] for _, mark, rest in rows if mark]

    @property
    def is_installed(self) -> bool:
        """Whether an installation was done."""
        installed = (Event.INSTALLATION, State.DONE)
        return any((each["event"], each["state"]) == installed for each in self.events)

    def boot(self) -> None:
        """Starts it; its systemd runs when this returns."""
        self.booted_at = time.time()
        with (self._directory / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                [
                    *control_groups.command(self._group),
                    *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
                    f"--directory={self.root}",
                    f"--machine={self._name}",
                    # What Docker needs of a machine.
                    *("--capability=all", "--system-call-filter=@keyring bpf"),
                    f"--network-namespace-path={namespaces.path(self._slot.host_network)}",
                    *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
                    "--console=read-only",
                ],
                env=os.environ
                | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C ends the test, which then ends this
            )
        wait_for("systemd runs in the host", self._system_answers, 60)

    def file(self, path: str) -> Path:
        """A file of the host's, as this machine sees it while the host runs: also a socket."""
        return Path(f"/proc/{self._init()}/root") / path.lstrip("/")

    def connect(self, port: int) -> socket.socket:
        """A connection as somebody on the internet makes it."""
        return cloud.connect(self._slot, cloud.HOST_ADDRESS, port)

    def run(self, command: str, timeout: float = 60, stdin: str = "") -> str:
        """What a shell command prints, as root on the host.

        Raises:
            CommandError: it failed.
        """
        target = ("nsenter", "--target", str(self._init()), "-m", "-u", "-i", "-n", "-p", "-C")
        return run(
            *(*target, "bash", "-o", "pipefail", "-c", command),
            timeout=timeout,
            stdin=stdin,
            environment=_ENVIRONMENT,
        )

    def succeeds(self, command: str) -> bool:
        """Whether a shell command on the host does."""
        try:
            self.run(command)
        except CommandError:
            return False
        return True

    def reboot(self) -> None:
        """An orderly reboot, as after an update of the kernel."""
        self.run("systemctl reboot")
        self._wait_for_the_end(_REBOOT)
        self.boot()

    def terminate(self) -> None:
        """Ends it in good order, as EC2 does."""
        if self._process and self._process.poll() is None:
            os.kill(self._init(), _POWER_OFF)
            self._wait_for_the_end(0)

    def destroy(self) -> None:
        """Ends it however it can be ended, and removes its disk: a gigabyte or two."""
        if self._process and self._process.poll() is None:
            # The host's first process, and with it all others: without systemd-nspawn they live on.
            with suppress(ProcessLookupError, CommandError):
                os.kill(self._init(), signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        if self.root.is_mount():
            run("umount", str(self.root))
        self._disk.unlink(missing_ok=True)
        wait_for("no process is left of the host", self._group_is_empty, 30)
        control_groups.remove(self._group)

    def _wait_for_the_end(self, status: int) -> None:
        assert self._process
        assert self._process.wait(timeout=120) == status, self.console[-2000:]

    def _group_is_empty(self) -> bool:
        return "populated 0" in (self._group / "cgroup.events").read_text()

    def _init(self) -> int:
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        if not children:
            raise CommandError(f"the host does not run:\n{self.console[-2000:]}")
        return int(children.split()[0])

    def _system_answers(self) -> bool:
        return self.succeeds("systemctl is-system-running --wait=no || systemctl list-jobs")
