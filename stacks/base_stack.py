"""Base of all stacks: AWS provider and state."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf import S3Backend, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

from settings import Settings
from shared.stacks import state_key

# The first with `use_lockfile`.
# https://developer.hashicorp.com/terraform/language/backend/s3#use_lockfile
_TERRAFORM_VERSION = ">= 1.10.0"

_AWS_PROVIDER_VERSION = "5.100.0"
"""What set-up installs (scripts/setup/provider/versions.tf), whatever the bindings are made for."""


class BaseStack(TerraformStack):
    """A stack with the AWS provider and its state, locked, in S3.

    Args:
        tags: Of each resource, beside those of all stacks.
    """

    def __init__(
        self, scope: Construct, id_: str, *, settings: Settings, tags: Mapping[str, str]
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        self._tags = tags
        self._provider("aws", settings.aws_region)
        S3Backend(
            self,
            bucket=settings.state_bucket,
            key=state_key(id_),
            region=settings.state_region,
            skip_region_validation=True,
            profile=settings.aws_profile,
            allowed_account_ids=[settings.aws_account_id],
            encrypt=True,
        )
        # cdktf 0.21 has no property for it.
        self.add_override("terraform.backend.s3.use_lockfile", value=True)
        self.add_override("terraform.required_version", _TERRAFORM_VERSION)
        # cdktf shortens it; in full, it also names OpenTofu's copy of the provider.
        self.add_override("terraform.required_providers.aws.source", "hashicorp/aws")
        self.add_override("terraform.required_providers.aws.version", _AWS_PROVIDER_VERSION)

    def provider_in(self, region: str) -> AwsProvider | None:
        """Return a provider for another region, or None for the stack's own region."""
        if region == self._settings.aws_region:
            return None
        return self._provider(f"aws-{region}", region, alias=region)

    def _provider(self, id_: str, region: str, *, alias: str | None = None) -> AwsProvider:
        settings = self._settings
        return AwsProvider(
            self,
            id_,
            region=region,
            alias=alias,
            # The settings check it; the provider's list lacks new regions.
            skip_region_validation=True,
            profile=settings.aws_profile,
            allowed_account_ids=[settings.aws_account_id],
            default_tags=[
                AwsProviderDefaultTags(
                    tags={
                        "Project": settings.name_prefix,
                        "Stack": self.node.id,
                        **self._tags,
                        "ManagedBy": "cdktf",
                    }
                )
            ],
        )
