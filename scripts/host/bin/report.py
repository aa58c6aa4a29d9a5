#!/usr/bin/python3
"""Send the journal's lines about this host to CloudWatch Logs.

    <LOG_GROUP_PREFIX>/host, stream <instance id>/boot: installation and services
    <LOG_GROUP_PREFIX>/host, stream <instance id>/status: host_status.py
    <LOG_GROUP_PREFIX>/model, stream <instance id>: model_log.py

The cursor is saved after CloudWatch has accepted the lines, so that none is lost or sent twice when
the network, this service or the host fails. It runs before any package is installed.
"""

import contextlib
import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import aws

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
CURSOR = ROOT / "var/lib/allora-report/cursor"
# Syslog identifiers of host_status.py, of model_log.py, and of events that bootstrap.py has sent.
STATUS, MODEL, SENT = "allora-status", "allora-model", "allora-bootstrap"
PRINTED = "allora-log"  # output of the installation's commands
EVENT_FIELDS = {"event", "state", "step", "of", "code", "needs_operator", "message"}
STREAMS = {STATUS: "status", MODEL: "model"}
SERVICES = ("allora.service", "allora-install.service", "allora-storage.service")
# Not this service itself.
OTHERS = ("allora-care.service", "cloud-final.service")
MATCHES = [
    *(f"SYSLOG_IDENTIFIER={name}" for name in ("allora", PRINTED, STATUS)),
    "+",
    *(f"_SYSTEMD_UNIT={unit}" for unit in (*SERVICES, *OTHERS)),
    "+",
    *(f"UNIT={unit}" for unit in SERVICES),  # systemd's own lines about them
    "+",
    "_SYSTEMD_UNIT=allora-model-log.service",
    f"SYSLOG_IDENTIFIER={MODEL}",
]
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
# A batch is one pipe buffer, 64 KiB: far below the limits of 1 MiB and 10,000 events.
DAY = 24 * 60 * 60 * 1000  # the longest span of a batch
GATHER_SECONDS, LONGEST_PAUSE = 1, 30
LONGEST_LINE = 8192  # characters
COLOURS = re.compile("\x1b\\[[0-9;:]*m")
# Controls but the tab, and bidirectional controls: https://trojansource.codes.
CONTROLS = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def harmless(text: str) -> str:
    """Return an untrusted line without colours, with other controls as escapes.

    Possible JSON is wrapped in JSON, so that it cannot become a metric or an event.
    """
    text = CONTROLS.sub(lambda found: ascii(found[0])[1:-1], COLOURS.sub("", text.rstrip()))
    text = text[:LONGEST_LINE]
    return json.dumps({"text": text}, ensure_ascii=False) if "{" in text else text


def is_event(text: str) -> bool:
    """Return whether a line is an event of lib/common.sh, which indents other output."""
    try:
        return text.startswith("{") and json.loads(text).keys() <= EVENT_FIELDS
    except (ValueError, RecursionError):
        return False


class Entry(NamedTuple):
    """A line of the journal for CloudWatch."""

    cursor: str
    at: int  # milliseconds since 1970
    stream: str
    text: str


def entry(line: bytes) -> Entry:
    """Parse the journal's JSON."""
    fields = json.loads(line)
    text, identifier = fields.get("MESSAGE") or "", fields.get("SYSLOG_IDENTIFIER")
    if isinstance(text, list):  # bytes, if not plain text
        text = bytes(byte for byte in text if isinstance(byte, int)).decode(errors="replace")
    if identifier == SENT:
        text = ""
    at = int(fields["__REALTIME_TIMESTAMP"]) // 1000
    is_ours = identifier in (STATUS, MODEL) or (identifier != PRINTED and is_event(text))
    if not is_ours:
        text = harmless(text)
    return Entry(fields["__CURSOR"], at, STREAMS.get(identifier, "boot"), text)


def follow(cursor: str) -> Generator[list[Entry], None, None]:
    """Yield the journal's entries after a cursor in batches; wait for new ones."""
    command = ["journalctl", "--follow", "--no-tail", "--quiet", "--all", "--output=json"]
    command.append("--output-fields=MESSAGE,SYSLOG_IDENTIFIER")
    if cursor:
        command.append(f"--after-cursor={cursor}")
    reading, writing = os.pipe()
    with subprocess.Popen([*command, *MATCHES], stdout=writing) as journal:
        os.close(writing)
        rest = b""
        try:
            while chunk := os.read(reading, 1 << 16):
                *lines, rest = (rest + chunk).split(b"\n")
                if lines:
                    yield [entry(line) for line in lines]
                    time.sleep(GATHER_SECONDS)
        finally:
            journal.terminate()
    sys.exit(f"journalctl has ended with status {journal.returncode}.")


class CloudWatch:
    """The host's log streams in CloudWatch."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.groups = settings["LOG_GROUP_PREFIX"]
        self.region = settings["AWS_REGION"]
        self.instance = ""

    def put(self, stream: str, events: list[Entry]) -> str:
        """Send events of one day; return the error, or ""."""
        # Sorted, because the clock may have been corrected.
        ordered = sorted(events, key=attrgetter("at"))
        logs = [{"timestamp": event.at, "message": event.text} for event in ordered]
        log_format = "json/emf" if stream == "status" else None  # some regions need it
        try:
            self.instance = self.instance or aws.metadata("instance-id")
            group, name = ("host", f"{self.instance}/{stream}")
            if stream == "model":
                group, name = stream, self.instance
            aws.LogStream(self.region, f"{self.groups}/{group}", name).put(logs, log_format)
        except aws.RefusedError as error:
            return str(error)
        except aws.FAILURES as error:
            return f"{type(error).__name__}: {error}"
        return ""


def stream_and_day(event: Entry) -> tuple[str, int]:
    """Return the key by which events are grouped into requests."""
    return event.stream, event.at // DAY


def deliver(logs: CloudWatch, stream: str, events: list[Entry]) -> None:
    """Send events and save the cursor; retry until CloudWatch accepts or refuses them."""
    pause, told = 1, ""
    texts = [event for event in events if event.text]  # an empty one is refused
    while True:
        # A stop between sending and saving would send them again.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        trouble = logs.put(stream, texts) if texts else ""
        refused = trouble.startswith("InvalidParameterException")
        if refused and len(texts) > 1:  # one of them is at fault
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            for event in events:
                deliver(logs, stream, [event])
            return
        over = not trouble or refused
        if over:
            remember(events[-1].cursor)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        if trouble and trouble != told:
            fate = "are lost" if over else "wait"
            print(f"{len(texts)} lines {fate}: {trouble}", file=sys.stderr)
        if over:
            return
        told = trouble
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def remember(cursor: str) -> None:
    """Save the cursor for the next start."""
    draft = CURSOR.with_suffix(".new")
    with contextlib.suppress(OSError):  # a full disk costs duplicates after a restart only
        draft.write_text(cursor)
        draft.replace(CURSOR)


def main() -> None:
    """Follow the journal until SIGTERM."""
    words = shlex.split((ROOT / "etc/allora/host.env").read_text())
    logs = CloudWatch(dict(word.split("=", 1) for word in words))
    CURSOR.parent.mkdir(parents=True, exist_ok=True)
    cursor = CURSOR.read_text() if CURSOR.exists() else ""
    if not re.fullmatch(r"(\w+=\w+;?)+", cursor):  # such as after a power cut
        cursor = ""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with contextlib.closing(follow(cursor)) as batches:
        for batch in batches:
            for (stream, _), events in itertools.groupby(batch, key=stream_and_day):
                deliver(logs, stream, list(events))


if __name__ == "__main__":
    main()
