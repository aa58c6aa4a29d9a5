"""The ECR repositories of a fleet."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.ecr_repository import (
    EcrRepository,
    EcrRepositoryEncryptionConfiguration,
    EcrRepositoryImageScanningConfiguration,
)
from constructs import Construct


class ImageRepositories(Construct):
    """One repository for each kind of image, whose tags never move.

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
        return repository.arn
