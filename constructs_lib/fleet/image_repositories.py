"""The ECR repositories of a fleet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from cdktf_cdktf_provider_aws.ecr_lifecycle_policy import EcrLifecyclePolicy
from cdktf_cdktf_provider_aws.ecr_repository import (
    EcrRepository,
    EcrRepositoryEncryptionConfiguration,
    EcrRepositoryImageScanningConfiguration,
)
from constructs import Construct

KEPT_IMAGES: Final = 100
"""The newest images of a repository, which are kept; older ones expire.

ECR does not know which images run, and counts from the newest push. What runs is pushed right
before its deployment, as one image for each architecture and version of the SDK. It would expire
only after a hundred builds of which none was deployed; `allora images` would then build it again.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
"""

_EXPIRY: Final = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"Keep the newest {KEPT_IMAGES} images",
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": KEPT_IMAGES,
            },
            "action": {"type": "expire"},
        }
    ]
}


class ImageRepositories(Construct):
    """One repository for each kind of image, whose tags never move, and old images expire.

    Args:
        names: the repositories' names by kind; the kind is the construct's id.

    Attributes:
        arns: the repositories' ARNs.
    """

    def __init__(self, scope: Construct, id_: str, *, names: Mapping[str, str]) -> None:
        super().__init__(scope, id_)
        self.arns = [self._repository(kind, name) for kind, name in names.items()]

    def _repository(self, kind: str, name: str) -> str:
        repository = EcrRepository(
            self,
            kind,
            name=name,
            image_tag_mutability="IMMUTABLE",
            force_delete=True,  # all of them can be built again
            image_scanning_configuration=EcrRepositoryImageScanningConfiguration(scan_on_push=True),
            encryption_configuration=[
                EcrRepositoryEncryptionConfiguration(encryption_type="AES256")
            ],
        )
        EcrLifecyclePolicy(
            self, f"{kind}-lifecycle", repository=repository.name, policy=json.dumps(_EXPIRY)
        )
        return repository.arn
