"""Variables of the environment that are no settings of ours."""

from __future__ import annotations

import os


def aws_endpoint_url() -> str:
    """Return where the AWS tools send requests in place of AWS; "" for AWS itself.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    return os.environ.get("AWS_ENDPOINT_URL", "")


def cdktf_output() -> str:
    """Return the folder that `cdktf` writes to: `CDKTF_OUTPUT`, by default `cdktf.out`."""
    return os.environ.get("CDKTF_OUTPUT", "cdktf.out")
