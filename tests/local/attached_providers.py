"""AWS providers that run as long as a test, instead of a few for each command of Terraform.

Their starts, and Terraform's hash over their 700 MB at each command, take more of the processor
than most commands do. Terraform attaches itself to one that runs, as in the tests of providers
(https://developer.hashicorp.com/terraform/plugin/debugging): it is the same program, but neither
installed nor verified. `make local`, the template's `cdktf deploy`, killed commands and most first
deployments start it as users do.

Each working directory has one of its own, because the last stack that configures a provider does
so for all.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from tests.local import attached_terraform

_INSTALLED = Path(__file__).resolve().parents[2] / ".tools/terraform/.terraform/providers"
_ATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(.+)'")
_CONFIGURES = re.compile(r"AWS_|.+_proxy$", re.IGNORECASE)
"""The variables that tell a provider where AWS is, and who asks."""

_QUIET = dict.fromkeys(("TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_PROTO"), "off")
"""A provider that runs by itself would write down each request."""


@contextmanager
def attached_providers() -> Iterator[dict[str, str]]:
    """Return the variables with which `allora`, cdktf and tests use the providers that run."""
    providers = _Providers()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            folder, *variables = os.fsdecode(self.rfile.read()).split("\0")
            environment = dict(each.split("=", 1) for each in variables)
            self.wfile.write(providers.of(folder, environment).attach.encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield {
                "TERRAFORM_BINARY_NAME": attached_terraform.__file__,
                attached_terraform.PORT: str(server.server_address[1]),
            }
        finally:
            server.shutdown()
            thread.join()
            providers.end()


class _Providers:
    """Providers by working directory and by the variables that configure them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: dict[tuple[str, ...], _Provider] = {}

    def of(self, folder: str, environment: Mapping[str, str]) -> _Provider:
        """Return the one that runs, or start it."""
        configure = (f"{k}={v}" for k, v in environment.items() if _CONFIGURES.match(k))
        key = (folder, *sorted(configure))
        with self._lock:
            if key not in self._started:
                self._started[key] = _Provider(folder, environment)
            return self._started[key]

    def end(self) -> None:
        """Kill them all."""
        for provider in self._started.values():
            provider.end()


class _Provider:
    """A process of the AWS provider.

    Attributes:
        attach: the value of TF_REATTACH_PROVIDERS.
    """

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        (program,) = _INSTALLED.glob("*/hashicorp/aws/*/*/terraform-provider-aws*")
        self._process = subprocess.Popen(
            [program, "-debug"],
            cwd=folder,  # the paths in a configuration are relative to it
            env={"GOGC": "200", **environment, **_QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout
        self.attach = next(filter(None, map(_ATTACH.search, self._process.stdout)))[1]

    def end(self) -> None:
        """Kill it."""
        with self._process:
            self._process.kill()
