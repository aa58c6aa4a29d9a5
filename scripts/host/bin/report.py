#!/usr/bin/python3
"""Sends what the journal has about this node to CloudWatch Logs, as it comes.

    <LOG_GROUP_PREFIX>/host, stream <instance id>/boot: what the installation and the services say
    <LOG_GROUP_PREFIX>/host, stream <instance id>/status: the lines of host_status.py
    <LOG_GROUP_PREFIX>/model, stream <instance id>: the lines of model_log.py

The journal is the buffer: the cursor moves on when CloudWatch has taken the lines, so that none is
lost or sent twice, whether the network, this service or the host goes away meanwhile. It runs
before anything is installed: Python's own library is all it needs. It signs by itself, so that the
role's credentials get into no other process, no file and no argument.
"""

import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
CURSOR = ROOT / "var/lib/allora-report/cursor"
IMDS = (os.environ.get("IMDS_ENDPOINT") or "http://169.254.169.254") + "/latest"
# The identifiers of the lines of host_status.py and model_log.py.
STATUS, MODEL = "allora-status", "allora-model"
PRINTED = "allora-log"  # what the installation's commands have printed
EVENT_FIELDS = {"event", "state", "step", "of", "code", "needs_operator", "message"}
STREAMS = {STATUS: "status", MODEL: "model"}
SERVICES = ("allora.service", "allora-install.service", "allora-storage.service")
# Not this service itself: it would report that it reports.
OTHERS = ("allora-care.service", "cloud-final.service")
MATCHES = [
    *(f"SYSLOG_IDENTIFIER={name}" for name in ("allora", PRINTED, STATUS)),
    "+",
    *(f"_SYSTEMD_UNIT={unit}" for unit in (*SERVICES, *OTHERS)),
    "+",
    *(f"UNIT={unit}" for unit in SERVICES),  # what systemd says about them
    "+",
    "_SYSTEMD_UNIT=allora-model-log.service",
    f"SYSLOG_IDENTIFIER={MODEL}",
]
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
# Its limits of 1 MiB and 10,000 events are far away: a batch is what a pipe holds, 64 KiB.
DAY = 24 * 60 * 60 * 1000  # no batch may span more
GATHER_SECONDS, LONGEST_PAUSE, TIMEOUT = 1, 30, 10
LONGEST_LINE = 8192  # characters
COLOURS = re.compile("\x1b\\[[0-9;:]*m")
# Controls but for the tab, and what turns the direction of writing: https://trojansource.codes.
CONTROLS = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def harmless(text: str) -> str:
    """Anybody's line as one that does nothing but stand there.

    Colours are dropped and other controls shown as escapes. What could be JSON becomes a text in
    JSON: CloudWatch would make metrics of it, and other programs events.
    """
    text = CONTROLS.sub(lambda found: ascii(found[0])[1:-1], COLOURS.sub("", text.rstrip()))
    text = text[:LONGEST_LINE]
    return json.dumps({"text": text}, ensure_ascii=False) if "{" in text else text


def is_event(text: str) -> bool:
    """Whether a line is one of `event` in lib/common.sh, which indents what others print."""
    try:
        return text.startswith("{") and json.loads(text).keys() <= EVENT_FIELDS
    except (ValueError, RecursionError):
        return False


class Entry(NamedTuple):
    cursor: str
    at: int  # milliseconds since 1970
    stream: str
    text: str


def entry(line: bytes) -> Entry:
    fields = json.loads(line)
    text, identifier = fields.get("MESSAGE") or "", fields.get("SYSLOG_IDENTIFIER")
    if isinstance(text, list):  # of bytes, when they are not plain text
        text = bytes(byte for byte in text if isinstance(byte, int)).decode(errors="replace")
    at = int(fields["__REALTIME_TIMESTAMP"]) // 1000
    is_ours = identifier in (STATUS, MODEL) or (identifier != PRINTED and is_event(text))
    if not is_ours:
        text = harmless(text)
    return Entry(fields["__CURSOR"], at, STREAMS.get(identifier, "boot"), text)


def follow(cursor: str) -> Generator[list[Entry], None, None]:
    """What the journal has after a cursor, and then what comes, in batches."""
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


def metadata(path: str) -> str:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    ask = urllib.request.Request(f"{IMDS}/api/token", headers=ttl, method="PUT")  # noqa: S310
    with direct.open(ask, timeout=TIMEOUT) as answer:
        token = {"X-aws-ec2-metadata-token": answer.read().decode()}
    ask = urllib.request.Request(f"{IMDS}/meta-data/{path}", headers=token)  # noqa: S310
    with direct.open(ask, timeout=TIMEOUT) as answer:
        text: str = answer.read().decode()
        return text


class CloudWatch:
    """CloudWatch Logs, for one host.

    Args:
        settings: the host's.
    """

    def __init__(self, settings: dict[str, str]) -> None:
        self.groups = settings["LOG_GROUP_PREFIX"]
        self.region = settings["AWS_REGION"]
        domain = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        self.url = os.environ.get("AWS_ENDPOINT_URL") or f"https://logs.{self.region}.{domain}"
        self.instance = ""

    def put(self, stream: str, events: list[Entry]) -> str:
        """Sends events of one day.

        Returns:
            what is in the way, if anything.
        """
        try:
            self.instance = self.instance or metadata("instance-id")
            group, name = ("host", f"{self.instance}/{stream}")
            if stream == "model":
                group, name = stream, self.instance
            where = {"logGroupName": f"{self.groups}/{group}", "logStreamName": name}
            # In order of time, which the journal is not when the clock is put right.
            ordered = sorted(events, key=attrgetter("at"))
            logs = [{"timestamp": event.at, "message": event.text} for event in ordered]
            trouble = self.call("PutLogEvents", {**where, "logEvents": logs})
            if trouble.startswith("ResourceNotFoundException"):
                trouble = self.call("CreateLogStream", where)
                trouble = trouble or self.call("PutLogEvents", {**where, "logEvents": logs})
        except (OSError, LookupError, ValueError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        return trouble

    def call(self, action: str, arguments: dict[str, Any]) -> str:
        role = metadata("iam/security-credentials/").split()[0]
        credentials = json.loads(metadata(f"iam/security-credentials/{role}"))
        body = json.dumps(arguments).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"Logs_20140328.{action}",
        }
        if arguments["logStreamName"].endswith("/status"):
            headers["x-amzn-logs-format"] = "json/emf"  # some regions need it
        headers = signed(headers, self.url, body, self.region, credentials)
        request = urllib.request.Request(self.url, body, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
                return ""
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            found = re.search(r'"__type": *"(?:[^"]*#)?(\w+)"', text)
            return f"{found[1]}: {text}" if found else str(error)


def signed(
    headers: dict[str, str], url: str, body: bytes, region: str, credentials: dict[str, str]
) -> dict[str, str]:
    """Headers with signature, version 4.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = headers | {
        "host": url.partition("://")[2],
        "x-amz-date": now,
        "x-amz-security-token": credentials["Token"],
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    parts = [now[:8], region, "logs", "aws4_request"]
    scope = "/".join(parts)
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials['SecretAccessKey']}".encode()
    for part in (*parts, text):
        key = hmac.digest(key, part.encode(), "sha256")
    who = f"{credentials['AccessKeyId']}/{scope}"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={who}, SignedHeaders={names}, Signature={key.hex()}"
    )
    return headers


def stream_and_day(event: Entry) -> tuple[str, int]:
    return event.stream, event.at // DAY


def deliver(logs: CloudWatch, stream: str, events: list[Entry]) -> None:
    """Sends events, however long it takes, and remembers that they are sent."""
    pause, told = 1, ""
    texts = [event for event in events if event.text]  # an empty one is refused
    while True:
        # Told to stop between the two, it would send the same again.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        trouble = logs.put(stream, texts) if texts else ""
        refused = trouble.startswith("InvalidParameterException")
        if refused and len(texts) > 1:  # one of them is at fault, not all
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
    draft = CURSOR.with_suffix(".new")
    with contextlib.suppress(OSError):  # a full disk: all goes on, until the next start
        draft.write_text(cursor)
        os.replace(draft, CURSOR)


def main() -> None:
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
