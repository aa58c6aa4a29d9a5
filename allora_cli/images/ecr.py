"""The fleet's repositories in ECR."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from allora_cli.aws.batches import batches
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from fleet.images import Build, Registry
from shared.stacks import COMMON

_ASKED_AT_ONCE: Final = 100
"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html"""


def missing_builds(ecr: Any, registry: Registry, builds: Sequence[Build]) -> list[Build]:  # noqa: ANN401 - boto3's, without stubs
    """Return the builds whose image is not in ECR.

    Raises:
        OperatorError: the repositories are not there.
    """
    by_repository: defaultdict[str, list[Build]] = defaultdict(list)
    for build in builds:
        by_repository[registry.repositories[build.kind]].append(build)
    missing = set()
    for repository, wanted in by_repository.items():
        for tags in batches((build.tag for build in wanted), _ASKED_AT_ONCE):
            try:
                answer = ecr.batch_get_image(
                    repositoryName=repository, imageIds=[{"imageTag": tag} for tag in tags]
                )
            except ClientError as error:
                raise _explained(error, repository) from error
            missing |= {each["imageId"]["imageTag"] for each in answer["failures"]}
    return [build for build in builds if build.tag in missing]


def login_password(context: Context) -> str:
    """Return the password of the user `AWS` for the registry; it is valid for twelve hours."""
    ecr = context.session.client("ecr")
    (data,) = ecr.get_authorization_token()["authorizationData"]
    return base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]


def _explained(error: ClientError, repository: str) -> Exception:
    if error.response["Error"].get("Code") != "RepositoryNotFoundException":
        return error
    return OperatorError(
        ErrorCode.NOT_DEPLOYED,
        f"The repository {repository} is not in ECR yet: it belongs to {COMMON}. Nothing was "
        "changed. Deploy it, with the images: allora deploy",
    )
