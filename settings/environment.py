"""Environment variables of other tools."""

from __future__ import annotations

import os


def aws_endpoint_url() -> str:
    """Return the endpoint that replaces AWS for all AWS tools; "" for AWS itself.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    return os.environ.get("AWS_ENDPOINT_URL", "")


def aws_region() -> str:
    """Return the region that the environment names for AWS tools; "" for none.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html; boto3 reads one of the two.
    """
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")


def terraform_binary() -> str:
    """Return the program that is run as Terraform: a name or a path.

    https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/environment-variables
    """
    return os.environ.get("TERRAFORM_BINARY_NAME") or "terraform"


def cdktf_output() -> str:
    """Return the output folder of `cdktf`."""
    return os.environ.get("CDKTF_OUTPUT", "cdktf.out")
