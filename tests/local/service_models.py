"""AWS's service models, which botocore reads anew in each session: read once for all tests.

A command in a fork of the tests' process has them, too. Reading them is most of what a short one
needs of the processor.
"""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.loaders import JSONFileLoader

from tests.local.deployment import REGION

_SERVICES = (
    *("cloudwatch", "ec2", "freetier", "iam", "logs", "pricing", "s3", "service-quotas", "sns"),
    *("ssm", "sts"),
)


def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore remember the files that it has read, and read those that commands need."""
    read: dict[str, Any] = {}
    load = JSONFileLoader.load_file

    def load_once(loader: JSONFileLoader, path: str) -> Any:
        if path not in read:
            read[path] = load(loader, path)
        return read[path]

    monkeypatch.setattr(JSONFileLoader, "load_file", load_once)
    session = boto3.Session("no key", "no key", region_name=REGION)
    create: Any = session.client  # typed for each service by name
    for service in _SERVICES:
        create(service)
