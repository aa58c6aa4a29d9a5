"""AWS's service models, which botocore reads anew in each session: read once for all tests.

Reading them is most of what a short command needs of the processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.loaders import create_loader

_SERVICES = (
    *("cloudwatch", "ec2", "freetier", "iam", "logs", "pricing", "s3", "service-quotas", "sns"),
    *("ssm", "sts"),
)


@contextmanager
def read_once() -> Iterator[None]:
    """Let all sessions have one loader, which remembers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        yield


def read_now() -> None:
    """Read what commands need, so that a fork of this process has it."""
    session = boto3.Session("no key", "no key", region_name="us-east-1")
    create: Any = session.client  # typed for each service by name
    for service in _SERVICES:
        create(service)
