"""The README's first command, in a copy of the project, as a newcomer types it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import pexpect
import psutil
import pyte
import pytest

from devtools.embedded_aws import emulator
from tests.local.deployment import ROOT

COLUMNS = 80
MOST_LINES = 17
"""Of the 25 that a first `make local` may print, set-up takes the others."""

REAL = {"AWS_PROFILE": "real", "AWS_ACCESS_KEY_ID": "real", "AWS_ENDPOINT_URL_S3": "real"}
"""The newcomer's own account. AWS itself would refuse these."""

NOWHERE = "http://127.0.0.1:9"
PROXY = {
    name: NOWHERE
    for each in ("http_proxy", "https_proxy", "all_proxy")
    for name in (each, each.upper())
}

_MARK = "TEST_OF_MAKE_LOCAL"
_ESCAPE = "\x1b"


class Copy:
    """The tracked files, and what `make setup` has installed beside them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._mark = uuid.uuid4().hex
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.split("\0")
        for file in filter(None, files):
            target = directory / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / file).read_bytes())
            target.chmod((ROOT / file).stat().st_mode)
        for installed in (".venv", ".tools", "node_modules"):
            (directory / installed).symlink_to(ROOT / installed)

    @property
    def local(self) -> Path:
        return self.directory / ".local"

    def environment(self, **more: str) -> dict[str, str]:
        """A newcomer's, marked so that all that a command starts can be found."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AWS_") and name not in {"CI", "NO_COLOR"}
        }
        return ours | {"TERM": "xterm-256color", _MARK: self._mark} | more

    def make(self, target: str, **more: str) -> str:
        """Run a command that succeeds, without a terminal; return what it printed."""
        done = subprocess.run(
            ["make", "--no-print-directory", target],
            cwd=self.directory,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def in_shell(self, commands: str, shell: str = "bash", **more: str) -> str:
        """Run commands that succeed in a new shell; return what they printed."""
        kept = {"HOME", "PATH", *(name for name in os.environ if name.startswith("TF_"))}
        done = subprocess.run(
            [shell, "-euc", commands],
            cwd=self.directory,
            env={name: os.environ[name] for name in kept} | more,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def processes(self) -> list[psutil.Process]:
        """Return what the commands have started and what still runs."""
        running = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(_MARK) == self._mark:
                    running.append(process)
        return running

    def runs(self, name: str) -> bool:
        return any(name in _command_line(process) for process in self.processes())


def _command_line(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


class Terminal:
    """A terminal in which somebody has typed `make` and a target."""

    def __init__(self, copy: Copy, target: str, **more: str) -> None:
        self._log = io.StringIO()
        self._child = pexpect.spawn(
            "make",
            ["--no-print-directory", target],
            cwd=str(copy.directory),
            env=copy.environment(**more),
            dimensions=(50, COLUMNS),
            timeout=300,
            encoding="utf-8",
            preexec_fn=_listen_to_ctrl_c,
        )
        self._child.logfile_read = self._log
        assert self._child.pid
        self.pid: int = self._child.pid

    @property
    def raw(self) -> str:
        return self._log.getvalue()

    @property
    def lines(self) -> list[str]:
        """What is to be read on the screen, without empty lines at its end."""
        screen = pyte.Screen(COLUMNS, 50)
        pyte.Stream(screen).feed(self.raw)
        return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._child.expect([r".+", pexpect.EOF, pexpect.TIMEOUT], timeout=0.1) == 1:
                pytest.fail(f"It ended too early:\n{self.raw}")

    def wait_for(self, text: str) -> None:
        assert self._child.expect_exact([text, pexpect.EOF]) == 0, self.raw

    def press_ctrl_c(self) -> None:
        self._child.sendintr()

    def end(self) -> int:
        """Wait for the command's end; return its exit status, as a shell would."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        code = os.waitstatus_to_exitcode(self._child.status or 0)
        return code if code >= 0 else 128 - code

    def close(self) -> None:
        self._child.close(force=True)


def _listen_to_ctrl_c() -> None:
    """Undo what a script does to the jobs that it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` ignores it


@contextmanager
def terminal(copy: Copy, target: str, **more: str) -> Iterator[Terminal]:
    opened = Terminal(copy, target, **more)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    made = Copy(tmp_path / "copy of the project")  # with spaces, as users have them
    yield made
    for process in made.processes():
        with suppress(psutil.NoSuchProcess):
            process.kill()


def outputs(copy: Copy) -> dict[str, str]:
    of_stack: dict[str, str] = json.loads((copy.local / "single-node-deploy.json").read_text())[
        "allora-single-node"
    ]
    return of_stack


@pytest.mark.slow
def test_it_is_interrupted_then_deploys_then_has_nothing_to_do(copy: Copy) -> None:
    with terminal(copy, "local", **REAL) as interrupted:
        interrupted.wait_until(lambda: copy.runs("terraform init"))
        interrupted.press_ctrl_c()
        assert interrupted.end() == 130
    assert_nothing_is_left(copy, interrupted)

    with terminal(copy, "local", **REAL, **PROXY) as first:
        assert first.end() == 0, first.raw
    assert_it_shows_what_there_is(copy, first.lines)
    assert "cdktf deploy allora-common allora-single-node" in "\n".join(first.lines)

    made = outputs(copy)
    again = copy.make("local", **PROXY)
    assert_it_shows_what_there_is(copy, again.splitlines())
    assert _ESCAPE not in again
    assert "cdktf deploy" not in again
    assert outputs(copy) == made

    assert_a_shell_goes_on_with_it(copy)

    stopped = copy.make("local-stop")
    assert "is stopped" in stopped
    assert copy.processes() == []
    assert (copy.directory / ".env.local").exists()
    assert "is not running" in copy.make("local-stop")


def assert_it_shows_what_there_is(copy: Copy, lines: list[str]) -> None:
    text = "\n".join(lines)
    for name, value in outputs(copy).items():
        # The screen breaks long values at its end.
        assert "".join(f"{name}{value}".split()) in "".join(text.split()), text
    assert "Terraform finds no changes" in text
    assert "Nothing touched AWS" in text
    assert "lead nowhere here" in text
    assert "make local-destroy" in text
    for line in lines:
        if line.startswith("  •"):
            assert re.search(r" … \d+ s$", line), line
    assert sum(-(-max(len(line), 1) // COLUMNS) for line in lines) <= MOST_LINES, text
    for stack in ("common", "single-node"):
        log = (copy.local / "logs" / f"terraform-plan-allora-{stack}.log").read_text()
        assert "No changes." in log


def assert_a_shell_goes_on_with_it(copy: Copy) -> None:
    for shell in ("bash", "sh"):
        # What a shell cannot read, it skips, and goes on with the real account.
        shown = copy.in_shell(". ./.local/activate; . ./.local/activate; env", shell, **REAL)
        variables = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        assert "real" not in variables.values()
        assert "AWS_PROFILE" not in variables
        assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
        assert variables["ALLORA_ENV_FILE"] == str(copy.directory / ".env.local")
        tools = str(copy.directory / ".venv" / "bin")
        assert variables["PATH"] == f"{tools}:{os.environ['PATH']}"
        assert variables["PS1"].count("(embedded AWS)") == 1
        assert variables["NO_PROXY"] == variables["no_proxy"] == "127.0.0.1,localhost"
    one = ". .local/activate; cdktf diff allora-common --skip-synth"
    assert "No changes." in copy.in_shell(one, **REAL, **PROXY)
    other = ". .local/activate; allora doctor || :"
    assert "is the only one" in copy.in_shell(other, **REAL, **PROXY)


@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM"])
def test_it_is_interrupted_while_the_embedded_aws_starts(copy: Copy, way: str) -> None:
    with terminal(copy, "local") as screen:
        screen.wait_until(lambda: copy.runs("devtools.embedded_aws.server"))
        if way == "Ctrl-C":
            screen.press_ctrl_c()
        else:
            os.kill(screen.pid, signal.SIGTERM)
        assert screen.end() == (130 if way == "Ctrl-C" else 143)
    assert_nothing_is_left(copy, screen)


def test_it_ends_when_its_terminal_is_closed(copy: Copy) -> None:
    with terminal(copy, "local") as screen:
        screen.wait_until(lambda: copy.runs("devtools.embedded_aws.server"))
        os.killpg(screen.pid, signal.SIGHUP)  # as a shell does, whose terminal is closed
        screen.end()
    assert copy.processes() == []


def assert_nothing_is_left(copy: Copy, screen: Terminal) -> None:
    assert copy.processes() == []
    assert "interrupted after" in screen.lines[-2]
    assert screen.lines[-1] == (
        "Interrupted: nothing is left running, and `make local` begins afresh."
    )
    assert "Traceback" not in screen.raw


@pytest.mark.slow
def test_the_embedded_aws_from_before_outlives_an_interrupted_run(copy: Copy) -> None:
    before = started(copy)
    with terminal(copy, "local") as screen:
        screen.wait_until(lambda: is_in(copy, "cdktf-deploy", "aws_vpc.network_vpc"))
        screen.wait_until(lambda: is_in(copy, "cdktf-deploy", ": Creation complete"))
        screen.press_ctrl_c()
        screen.wait_for("^C")
        screen.press_ctrl_c()  # Terraform would not unlock the state if it heard of this one, too
        assert screen.end() == 130
    assert "the embedded AWS from before still runs" in " ".join(screen.lines[-2:])
    assert [process.pid for process in copy.processes()] == [before.pid]
    assert locks(before) == []

    destroyed = copy.make("local-destroy")
    assert "The stacks are gone" in destroyed
    assert resources(before) == []
    assert "is stopped" in copy.make("local-stop")
    assert copy.processes() == []


def test_what_fails_is_named_with_its_reason_and_leaves_nothing_behind(copy: Copy) -> None:
    (copy.directory / ".env.local").write_text("AWS_ACCOUNT_ID=123456789012\nAWS_REGION=mars-1\n")
    with terminal(copy, "local", NO_COLOR="1") as screen:
        assert screen.end() == 2
    assert _ESCAPE not in screen.raw
    text = " ".join(screen.raw.split())
    assert "'mars-1' is not an AWS region" in text
    assert ".local/logs/allora-bootstrap.log" in text
    assert "Nothing touched AWS" in text
    assert copy.processes() == []
    assert "mars-1" in (copy.local / "logs" / "allora-bootstrap.log").read_text()


def started(copy: Copy) -> emulator.Emulator:
    """Start an embedded AWS as an earlier `make local` has done."""
    code = (
        "from pathlib import Path\n"
        "from devtools.embedded_aws.emulator import start\n"
        "start(Path('.local'))"
    )
    subprocess.run(
        [ROOT / ".venv" / "bin" / "python", "-c", code],
        cwd=copy.directory,
        env=copy.environment(),
        check=True,
    )
    found = emulator.find(copy.local)
    assert found
    return found


def is_in(copy: Copy, log: str, text: str) -> bool:
    file = copy.local / "logs" / f"{log}.log"
    return file.exists() and text in file.read_text(errors="replace")


def state_objects(aws: emulator.Emulator) -> Mapping[str, Any]:
    """Return what lies in the state bucket, by key."""
    s3: Any = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=aws.url,
        aws_access_key_id="embedded",
        aws_secret_access_key="embedded",
    )
    (bucket,) = s3.list_buckets()["Buckets"]
    here = {"Bucket": bucket["Name"]}
    return {
        each["Key"]: s3.get_object(**here, Key=each["Key"])["Body"].read()
        for each in s3.list_objects_v2(**here).get("Contents", [])
    }


def locks(aws: emulator.Emulator) -> list[str]:
    return [key for key in state_objects(aws) if key.endswith(".tflock")]


def resources(aws: emulator.Emulator) -> list[Any]:
    return [
        resource
        for key, state in state_objects(aws).items()
        if key.endswith(".tfstate")
        for resource in json.loads(state)["resources"]
    ]
