from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from allora_cli.terminal.interrupts import CtrlC, Forwarding


class Destroyed:
    """Ctrl-C comes in its destructor, where Python ignores exceptions."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_it_is_not_lost_in_a_destructor() -> None:
    with CtrlC() as ctrl_c:
        ctrl_c.check()
        made = Destroyed()
        del made
        with pytest.raises(KeyboardInterrupt):
            ctrl_c.check()


def test_it_interrupts_at_once_and_is_python_s_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), CtrlC():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_program_s_pipe_is_closed_once_it_has_ended() -> None:
    with Forwarding() as signals:
        process = signals.start(
            [sys.executable, "-c", "print('all of it')"],
            cwd=Path.cwd(),
            env=os.environ,
            stdout=subprocess.PIPE,
        )
    assert process.returncode == 0
    assert process.stdout
    assert process.stdout.closed
