"""What AWS says about a secret that it does not take."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.secrets import put_secret


def refuse(code: str) -> None:
    """As AWS does; the embedded one takes every value."""
    ssm = boto3.client(
        "ssm", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(ssm) as aws:
        aws.add_client_error("put_parameter", code, "Value '{{canary}}' at 'value' is wrong")
        put_secret(ssm, parameter="/allora/worker/api-key", value="{{canary}}", replace=False)


def test_value_that_aws_repeats_is_not_repeated() -> None:
    with pytest.raises(OperatorError) as refused:
        refuse("ValidationException")
    assert refused.value.code is ErrorCode.SECRET_VALUE
    assert "canary" not in str(refused.value)
    assert refused.value.__suppress_context__  # nor in a traceback


def test_other_errors_of_aws_are_left_to_those_who_explain_them() -> None:
    with pytest.raises(ClientError):
        refuse("AccessDeniedException")
