"""Documents of IAM policies."""

from __future__ import annotations

import json
from typing import Any, Final

LOG_IN_TO_ECR: Final[dict[str, Any]] = {
    "Sid": "LogInToEcr",  # supports no resources
    "Effect": "Allow",
    "Action": "ecr:GetAuthorizationToken",
    "Resource": "*",
}


def policy_document(*statements: dict[str, Any]) -> str:
    """Return a policy with these statements as JSON, the same at each synth."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)
