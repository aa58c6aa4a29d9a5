"""The AWS account and region to deploy to."""

from typing import Annotated

from pydantic import BeforeValidator

from settings.catalogue import catalogue
from settings.checks import did_you_mean, matching
from settings.errors import fault
from settings.variable import Section, variable


def _region(text: str) -> str:
    regions = catalogue().regions
    if text not in regions:
        raise fault(f"is not an AWS region that this release knows{did_you_mean(text, regions)}")
    return text


Region = Annotated[str, BeforeValidator(_region)]


class AccountSettings(Section):
    """The section "AWS account"."""

    aws_account_id: Annotated[
        str,
        matching(
            r"[0-9]{12}",
            "is not an AWS account id, which has 12 digits.",
            "aws sts get-caller-identity --query Account --output text",
        ),
    ] = variable(
        "AWS_ACCOUNT_ID",
        "The account to deploy to: 12 digits. Credentials of any other account are refused.",
        example="123456789012",
    )
    aws_region: Region = variable("AWS_REGION", "The region to deploy to.", example="us-east-1")
    aws_profile: Annotated[
        str | None,
        matching(
            r"[^\x00-\x1f\x7f\]]{1,128}",
            "is not the name of an AWS profile.",
            "aws configure list-profiles",
        ),
    ] = variable(
        "AWS_PROFILE",
        "The profile of `~/.aws/config` to use, when set in the file. "
        "One in the environment works as with every AWS tool.",
        default=None,
        default_text="the AWS tools' own choice",
        example="my-sso-profile",
    )
    name_prefix: Annotated[
        str,
        matching(
            r"(?!(?i:sg-))[A-Za-z][A-Za-z0-9-]{0,31}",
            "is not a prefix for names: at most 32 letters, digits and hyphens, a letter "
            "first, and not sg-, which AWS keeps for itself.",
            "AWS_RESOURCE_NAME_PREFIX=allora-worker",
        ),
    ] = variable(
        "AWS_RESOURCE_NAME_PREFIX",
        "Begins the name of everything that is created. At most 32 letters, digits and hyphens; "
        "a letter first; not `sg-`.",
        default="allora-worker",
        example="AlloraWorkerx",
    )

    @property
    def partition(self) -> str:
        """The region's partition, as in ARNs: aws, aws-cn or aws-us-gov."""
        return catalogue().regions[self.aws_region]
