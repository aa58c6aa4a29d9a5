"""Users and roles on the embedded AWS may do what their policies say, and nothing else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from tests.local.deployer import NAME
from tests.local.deployment import BUCKET, REGION, Deployment
from tests.local.identities import assumed, policy, user
from tests.local.template import SECRETS, Deployed
from tests.policies import without


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path) -> Deployment:
    return Deployment(emulator, tmp_path / "user")


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def as_user(deployment: Deployment, *statements: dict[str, Any]) -> Callable[[str], Any]:
    """Makes clients of a user with a policy."""
    return clients(deployment, user(deployment, *statements))


def as_role(deployment: Deployment, *statements: dict[str, Any]) -> Callable[[str], Any]:
    """Makes clients of a role that is assumed."""
    iam = deployment.client("iam")
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="host", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(RoleName="host", PolicyName="p", PolicyDocument=policy(*statements))
    return clients(deployment, assumed(deployment, role["Arn"]))


def clients(deployment: Deployment, keys: dict[str, str]) -> Callable[[str], Any]:
    """Makes clients of somebody with these keys."""
    session = boto3.Session(
        keys["AWS_ACCESS_KEY_ID"],
        keys["AWS_SECRET_ACCESS_KEY"],
        keys.get("AWS_SESSION_TOKEN"),
        region_name=REGION,
    )
    create: Any = session.client
    return lambda service: create(service, endpoint_url=deployment.emulator.url)


ASKED: dict[str, tuple[str, str, dict[str, Any], str, int]] = {
    "ec2": ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403),
    "query": ("iam", "list_roles", {}, "AccessDenied", 403),
    "sns": ("sns", "create_topic", {"Name": "a"}, "AuthorizationError", 403),
    "json": ("logs", "create_log_group", {"logGroupName": "a"}, "AccessDeniedException", 400),
    "s3": ("s3", "get_object", {"Bucket": "a", "Key": "b"}, "AccessDenied", 403),
    "head": ("s3", "head_bucket", {"Bucket": "a"}, "403", 403),
    "quotas": (
        "service-quotas",
        "get_service_quota",
        {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"},
        "AccessDeniedException",
        400,
    ),
}


@pytest.mark.parametrize("protocol", ASKED)
def test_what_no_policy_allows_is_refused_in_each_protocol(
    deployment: Deployment, protocol: str
) -> None:
    service, method, parameters, code, status = ASKED[protocol]
    client = as_user(deployment, allow("sqs:*"))(service)
    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**parameters)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_the_message_names_user_action_and_resource(deployment: Deployment) -> None:
    sns = as_user(deployment, allow("sns:CreateTopic"))("sns")
    with pytest.raises(ClientError) as refused:
        sns.create_topic(Name="a", Tags=[{"Key": "b", "Value": "c"}])
    assert refused.value.response["Error"]["Message"] == (
        f"User: arn:aws:iam::{ACCOUNT_ID}:user/ada is not authorized to perform: sns:TagResource "
        f"on resource: arn:aws:sns:{REGION}:{ACCOUNT_ID}:a because no identity-based policy allows "
        "the sns:TagResource action"
    )


@pytest.mark.parametrize("somebody", [as_user, as_role])
def test_it_is_allowed_on_the_resource_alone(
    deployment: Deployment, somebody: Callable[..., Callable[[str], Any]]
) -> None:
    mine = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter/mine/*"
    ssm = somebody(deployment, allow("ssm:PutParameter", mine), allow("ssm:GetParameters", mine))(
        "ssm"
    )
    ssm.put_parameter(Name="/mine/a", Value="b", Type="String")
    assert len(ssm.get_parameters(Names=["/mine/a"])["Parameters"]) == 1
    for refused in (["/mine/a", "/theirs/a"], ["/theirs/a"]):
        with pytest.raises(ClientError):
            ssm.get_parameters(Names=refused)
    with pytest.raises(ClientError):
        ssm.get_parameter(Name="/mine/a")


def test_everybody_may_know_who_they_are(deployment: Deployment) -> None:
    identity = as_role(deployment, allow("sqs:*"))("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/host/i-1"


def test_a_policy_that_is_changed_counts_at_once(deployment: Deployment) -> None:
    ec2 = as_user(deployment, allow("ec2:*"))("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/24")
    denied = allow("ec2:CreateVpc") | {"Effect": "Deny"}
    deployment.client("iam").put_user_policy(
        UserName="ada", PolicyName="q", PolicyDocument=policy(denied)
    )
    with pytest.raises(ClientError, match="explicit deny"):
        ec2.create_vpc(CidrBlock="10.0.0.0/24")


def test_an_object_under_a_customer_s_key_needs_the_key(deployment: Deployment) -> None:
    """As in a state bucket whose default is such a key; an object may say otherwise."""
    s3 = deployment.client("s3")
    key = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.create_bucket(Bucket="state")
    s3.put_bucket_encryption(Bucket="state", ServerSideEncryptionConfiguration=rule)
    s3.put_object(Bucket="state", Key="default", Body=b"archive")
    s3.put_object(Bucket="state", Key="own", Body=b"archive", ServerSideEncryption="AES256")

    host = as_role(deployment, allow("s3:GetObject"), allow("s3:PutObject"))("s3")
    assert host.get_object(Bucket="state", Key="own")["Body"].read() == b"archive"
    with pytest.raises(ClientError, match=rf"not authorized to perform: kms:Decrypt on .*{key}"):
        host.get_object(Bucket="state", Key="default")
    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        host.put_object(Bucket="state", Key="new", Body=b"archive")

    user = as_user(deployment, allow("s3:GetObject"), allow("kms:Decrypt", key))("s3")
    assert user.get_object(Bucket="state", Key="default")["Body"].read() == b"archive"


def test_an_object_that_is_not_there_has_no_key(deployment: Deployment) -> None:
    s3 = as_user(deployment, allow("s3:*"))("s3")
    s3.create_bucket(Bucket="state")
    s3.put_bucket_versioning(Bucket="state", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="state", Key="deleted", Body=b"state")
    s3.delete_object(Bucket="state", Key="deleted")
    for key in ("deleted", "never-made"):
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket="state", Key=key)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.get_object(Bucket="nowhere", Key="state")


def test_without_any_of_its_permissions_the_host_is_refused(deployed: Deployed) -> None:
    """The policy is the one that Terraform gave the role."""
    root = deployed.deployment.client
    iam, s3 = root("iam"), root("s3")
    (role,) = [each for each in iam.list_roles()["Roles"] if "allora" in each["RoleName"]]
    (name,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    place = {"RoleName": role["RoleName"], "PolicyName": name}
    document = iam.get_role_policy(**place)["PolicyDocument"]
    prefix = "allora-single-node/build-contexts/"
    (archive,) = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]

    host = clients(deployed.deployment, assumed(deployed.deployment, role["Arn"]))
    stream = {"logGroupName": "/allora/worker/host", "logStreamName": "i-1"}
    events = [{"timestamp": int(time.time() * 1000), "message": "a"}]
    secrets = [f"/allora/worker/{name}" for name in SECRETS]
    requests: dict[str, Callable[[], object]] = {
        "logs:CreateLogStream": lambda: host("logs").create_log_stream(**stream),
        "logs:PutLogEvents": lambda: host("logs").put_log_events(**stream, logEvents=events),
        "ssm:GetParameters": lambda: host("ssm").get_parameters(Names=secrets),
        "s3:GetObject": lambda: host("s3").get_object(Bucket=BUCKET, Key=archive["Key"]),
    }
    for action, request in requests.items():
        iam.put_role_policy(**place, PolicyDocument=json.dumps(without(document, action)))
        with pytest.raises(ClientError, match="AccessDenied"):
            request()
        iam.put_role_policy(**place, PolicyDocument=json.dumps(document))
        request()


REFUSED = re.compile("may not (call|do that)")


def test_a_deployer_may_look_at_everything(deployed: Deployed) -> None:
    """Without the policies, each command says that it may not."""
    deployer = deployed.deployment
    deployer.write_env(ALLORA_API_URL="http://127.0.0.1:1")
    commands = (
        *(("doctor", "--json"), ("status", "--json"), ("logs",)),
        *(("secret", "list"), ("wallet", "address")),
    )
    for command in commands:
        assert not REFUSED.search(deployer.allora(*command).output), command
    iam = deployer.client("iam")
    attached = iam.list_attached_user_policies(UserName=NAME)["AttachedPolicies"]
    for each in attached:
        iam.detach_user_policy(UserName=NAME, PolicyArn=each["PolicyArn"])
    for command in commands:
        assert REFUSED.search(deployer.allora(*command).output), command
