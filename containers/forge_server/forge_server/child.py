"""The process with the model: it loads the pickle, and answers questions on a socket.

usage: python -m forge_server.child FILE_DESCRIPTOR
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import traceback
from pathlib import Path

from .answers import as_text
from .calls import Question, call
from .failures import Kind, ModelError, hide, without_secrets
from .pickles import load
from .settings import read_settings, secrets_of


def main() -> None:
    """Load the model, say so, and answer until the server closes the socket."""
    _be_the_first_to_go()
    settings = read_settings(os.environ)
    secrets = secrets_of(os.environ)
    hide(secrets.values())
    os.environ.update(secrets)
    with socket.socket(fileno=int(sys.argv[1])) as server, server.makefile("rwb") as lines:

        def send(**message: str) -> None:
            lines.write(json.dumps(message).encode() + b"\n")
            lines.flush()

        try:
            function = load(settings)
        except ModelError as error:
            _show(error)
            send(kind=error.kind.value, sentence=error.sentence)
            return
        send(ready="yes")
        for line in lines:
            try:
                send(answer=as_text(call(function, Question(**json.loads(line)))))
            except ModelError as error:
                _show(error)
                send(kind=error.kind.value, sentence=error.sentence)


def _be_the_first_to_go() -> None:
    """Have the kernel end this process, and not the server, when the container's memory is full."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _show(error: ModelError) -> None:
    """Print the traceback of the model's own code, without its secrets."""
    if error.kind in (Kind.UNUSABLE, Kind.FAILED) and error.__cause__:
        lines = traceback.format_exception(error.__cause__)
        print(without_secrets("".join(lines)), end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
