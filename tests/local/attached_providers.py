"""AWS providers that run as long as a test, instead of a few for each command of Terraform.

Their starts, and Terraform's hash over their 700 MB at each command, take more of the processor
than most commands do. Terraform attaches itself to one that runs, as in the tests of providers
(https://developer.hashicorp.com/terraform/plugin/debugging): it is the same program, but neither
installed nor verified. A test about that, or about processes and signals, uses `unattached`.

Each stack's folder has one of its own, because the last configuration that a provider gets is the
one that it has for all.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from socketserver import StreamRequestHandler, ThreadingTCPServer
from tempfile import TemporaryFile

from fast_synth.working_directories import INSTALLED_PROVIDERS
from tests.http_server import running
from tests.local import attached_terraform
from tests.local.deployment import Deployment

_ADDRESS = re.compile(r"TF_REATTACH_PROVIDERS='(.+)'")
_CONFIGURES = re.compile(r"AWS_|.+_proxy$", re.IGNORECASE)
"""The variables that tell a provider where AWS is, and who asks."""

_QUIET = dict.fromkeys(("TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_PROTO"), "off")
"""A provider that runs by itself would write down each request."""

_UNTIL_WE_END = '"$0" -debug & read -r _; kill -9 $!'
"""A shell's command: the provider, killed when our end of the shell's input is closed."""


@contextmanager
def attached_providers() -> Iterator[dict[str, str]]:
    """Yield the variables with which `allora`, cdktf and tests use the providers that run."""
    # The server's end waits for those who ask; only then is none started any more.
    with closing(_Providers()) as providers:

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                folder, *variables = os.fsdecode(self.rfile.read()).split("\0")
                environment = dict(each.split("=", 1) for each in variables)
                self.wfile.write(providers.address(folder, environment).encode())

        with running(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
            yield {
                "TERRAFORM_BINARY_NAME": attached_terraform.__file__,
                attached_terraform.PORT: str(port),
            }


def unattached(deployment: Deployment) -> None:
    """Have a deployment's commands start and verify their providers, as users' commands do."""
    del deployment.variables["TERRAFORM_BINARY_NAME"]


class _Providers:
    """At most one provider a folder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, _Provider] = {}

    def address(self, folder: str, environment: Mapping[str, str]) -> str:
        """Return what Terraform attaches itself to.

        Another caller or another endpoint than before is another provider, instead of the first.
        """
        with self._lock:
            provider = self._running.get(folder)
            if provider and provider.configuration != _configuration(environment):
                provider.kill()
                provider = None
            if provider is None:
                provider = self._running[folder] = _Provider(folder, environment)
            return provider.address

    def close(self) -> None:
        """Kill them all."""
        for provider in self._running.values():
            provider.kill()


def _configuration(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if _CONFIGURES.match(name)}


class _Provider:
    """A process of the AWS provider.

    Attributes:
        configuration: the variables that configure it.
    """

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self.configuration = _configuration(environment)
        (program,) = INSTALLED_PROVIDERS.glob("*/hashicorp/aws/*/*/terraform-provider-aws*")
        # Not a pipe, which would be full when nobody reads it.
        self._log = TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            ["sh", "-c", _UNTIL_WE_END, program],
            cwd=folder,  # the paths in a configuration are relative to it
            env={"GOGC": "200", **environment, **_QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )

    @cached_property
    def address(self) -> str:
        """Return what Terraform attaches itself to, once it is there."""
        assert self._process.stdout
        found = next(filter(None, map(_ADDRESS.search, self._process.stdout)), None)
        assert found, self._printed()
        return found[1]

    def _printed(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def kill(self) -> None:
        """Kill it, with the shell that watches it."""
        with self._process, self._log:
            os.killpg(self._process.pid, signal.SIGKILL)
