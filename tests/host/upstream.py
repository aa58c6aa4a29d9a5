"""Sites that pass requests on: to the embedded AWS, and to the archives of packages."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from tests.host import cache
from tests.host.web import NoAnswerError, Request, Response

_SECONDS = 60
_OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-length", "keep-alive"}


def forward(request: Request, address: str) -> Response:
    """The answer of a server that is asked the same under the same name.

    Args:
        address: host and port.

    Raises:
        NoAnswerError: it does not answer.
    """
    connection = http.client.HTTPConnection(address, timeout=_SECONDS)
    try:
        connection.request(request.method, request.target, request.body, dict(request.headers))
        answer = connection.getresponse()
        headers = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in _OF_THE_CONNECTION
        }
        if request.method == "HEAD":
            headers["Content-Length"] = answer.headers.get("Content-Length") or "0"
        return Response(answer.status, answer.read(), headers)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError from error
    finally:
        connection.close()


class Emulated:
    """AWS, as far as the embedded one goes.

    Attributes:
        silent: the services that hang up, such as ``ssm``; the test changes it as it likes.
        calls: service and action of each request, such as ``("ssm", "GetParameters")``.
        log_formats: what the host has said of the events that it put, by log group.
    """

    def __init__(self, url: str) -> None:
        self.silent: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.log_formats: dict[str, set[str | None]] = {}
        self._address = urlsplit(url).netloc

    def __call__(self, request: Request) -> Response:
        service = _service(request.host)
        action = _action(request)
        self.calls.append((service, action))
        if action == "PutLogEvents":
            group = json.loads(request.body)["logGroupName"]
            said = request.headers.get("x-amzn-logs-format")
            self.log_formats.setdefault(group, set()).add(said)
        if service in self.silent:
            raise NoAnswerError
        return forward(request, self._address)


class Archive:
    """An archive of packages, asked once for each file that never changes under its name.

    Args:
        host: the archive's name.
        files: where they are kept.
    """

    def __init__(self, host: str, files: Path) -> None:
        self._host = host
        self._files = files
        files.mkdir(parents=True, exist_ok=True)

    def __call__(self, request: Request) -> Response:
        kept = self._files / hashlib.sha256(f"{self._host}{request.path}".encode()).hexdigest()
        if not _never_changes(request.path):
            return self._ask(request, kept)
        with cache.one_at_a_time(self._host):  # hosts that boot together want the same
            return Response(200, kept.read_bytes()) if kept.exists() else self._ask(request, kept)

    def _ask(self, request: Request, kept: Path) -> Response:
        url = f"http://{self._host}{request.target}"
        asked = urllib.request.Request(url, method=request.method)
        try:
            with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310
                content = answer.read()
        except urllib.error.HTTPError as error:
            return Response(error.code)
        except OSError as error:
            if not kept.exists():
                raise NoAnswerError from error
            return Response(200, kept.read_bytes())
        if request.method == "GET":
            _write(kept, content)
        return Response(200, content)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: several connections may ask for the same."""
    draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    draft.write_bytes(content)
    draft.replace(path)


def _service(host: str) -> str:
    """``ssm`` of ssm.us-east-1.amazonaws.com, ``s3`` of a bucket's name below s3.amazonaws.com."""
    labels = host.removesuffix(".amazonaws.com").split(".")
    return "s3" if "s3" in labels else labels[0]


def _action(request: Request) -> str:
    """JSON services name it; of S3, getting objects is all that the host does."""
    target = request.headers.get("x-amz-target", "")
    return target.rpartition(".")[2] or f"{request.method.title()}Object"


def _never_changes(path: str) -> bool:
    """Debian's own rule: https://wiki.debian.org/DebianRepository/Format#indices_acquisition_via_hashsums_.28by-hash.29."""
    return "/pool/" in path or "/by-hash/" in path
