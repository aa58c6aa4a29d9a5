"""Terraform's state bucket."""

import re

from pydantic import ValidationInfo, field_validator

from settings.catalogue import catalogue
from settings.errors import fault
from settings.sections.account import Region
from settings.variable import Section, variable

_FORBIDDEN = re.compile(
    r"\.\.|^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$"
    r"|^\d+\.\d+\.\d+\.\d+$"
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


class StateSettings(Section):
    """The section "Terraform state"."""

    state_bucket: str = variable(
        "TF_STATE_BUCKET",
        "The S3 bucket for Terraform's state. "
        "A second worker in the same account and region needs a bucket of its own, and its own "
        "`ALLORA_WORKER_NAME` and `AWS_RESOURCE_NAME_PREFIX`: otherwise it takes over the first "
        "one's secrets, logs and alarms.",
        default_factory=lambda data: (
            f"allora-tfstate-{data['aws_account_id']}-{data['aws_region']}"
        ),
        default_text="`allora-tfstate-<AWS_ACCOUNT_ID>-<AWS_REGION>`",
        example="my-company-tfstate",
    )

    @field_validator("state_bucket", mode="before")
    @classmethod
    def _bucket_name(cls, text: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text) or _FORBIDDEN.search(text):
            raise fault(
                "is not a valid name for an S3 bucket.",
                "3 to 63 lower-case letters, digits and hyphens, as in allora-tfstate-123456789012",
            )
        return text

    state_region: Region = variable(
        "TF_STATE_REGION",
        "The region of that bucket.",
        default_factory=lambda data: data["aws_region"],
        default_text="`AWS_REGION`",
        example="eu-west-1",
    )

    @field_validator("state_region")
    @classmethod
    def _in_the_same_partition(cls, state_region: str, info: ValidationInfo) -> str:
        regions = catalogue().regions
        aws_region = info.data.get("aws_region", state_region)
        if regions[state_region] != regions[aws_region]:
            raise fault(
                f"is in another AWS partition than AWS_REGION ({aws_region}).",
                f"use a region of the partition {regions[aws_region]}",
            )
        return state_region
