"""Kill a command at the Nth request that changes something in AWS, so that it can be repeated."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from dataclasses import dataclass

from devtools.embedded_aws.processes import kill_tree
from tests.local.deployment import ROOT, Deployment
from tests.local.interposer import BROKEN, LOST, Answer, interposed

_CHANGES = re.compile(
    "Add|Allocate|Associate|Attach|Authorize|Create|Modify|Put|Revoke|Run|Set|Subscribe|Tag"
)
_PATIENCE = 600  # seconds; no test is about how fast a deployment is


@dataclass(frozen=True)
class Killed:
    """What was killed.

    Attributes:
        action: the last request that was carried out, whose answer never came; empty where the
            command ended before.
        count: how many requests changed something.
    """

    action: str
    count: int


def killed_at(deployment: Deployment, moment: int, *arguments: str) -> Killed:
    """Run `allora`, and SIGKILL it with all that it has started.

    Args:
        deployment: whose environment.
        moment: the number of the last request that is carried out; those after it are not.
        arguments: those of `allora`.
    """
    lock = threading.Lock()
    came, killed = threading.Event(), threading.Event()
    changes: list[str] = []

    def rule(action: str) -> Answer | None:
        with lock:
            if came.is_set():
                is_last = None
            else:
                if _CHANGES.match(action):
                    changes.append(action)
                is_last = len(changes) == moment
                if is_last:
                    came.set()
        if is_last is None:
            killed.wait(_PATIENCE)
            return BROKEN
        return LOST if is_last else None

    with interposed(deployment, rule) as front:
        process = subprocess.Popen(
            [sys.executable, "-m", "allora_cli", *arguments],
            cwd=ROOT,
            env=front.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while not came.wait(0.2) and process.poll() is None:
                pass
        finally:
            kill_tree(process.pid)
            process.wait()
            killed.set()
    return Killed(changes[-1] if came.is_set() else "", len(changes))
