"""Orphans are this deployment's alone, and are removed only while no run works on the states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from moto import mock_aws

from allora_cli.changes.proposal import Proposal
from allora_cli.context import Context, open_context
from allora_cli.deploy import destroying
from allora_cli.deploy.events import DestroyResult
from allora_cli.deploy.renderers import JsonLines, watch
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.state import check_bucket
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Workflow
from allora_cli.orphans import remove
from allora_cli.orphans.ec2 import Ec2Search
from allora_cli.orphans.find import find_orphans
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.orphans.remove import remove_orphans
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform import state_versions
from allora_cli.terraform.ownership import require_own_worker
from allora_cli.terraform.running_costs import RunningCosts
from allora_cli.terraform.state_bucket import ensure_bucket
from shared.stacks import COMMON, SINGLE_NODE, STACKS, lock_key, state_key

BUCKET = "states"
SETTINGS = f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nTF_STATE_BUCKET={BUCKET}\n"
PREFIX, WORKER = "allora-worker", "worker"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    file = tmp_path / "env"
    file.write_text(SETTINGS)
    monkeypatch.setenv("ALLORA_ENV_FILE", str(file))
    monkeypatch.setattr(RunningCosts, "monthly", lambda *_: None)
    with mock_aws():
        made = open_context()
        s3 = made.session.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield made


def tags(stack: str = SINGLE_NODE, **others: str) -> list[Any]:
    own = {"Worker": WORKER, "Project": PREFIX, "ManagedBy": "cdktf", "Stack": stack}
    return [{"Key": name, "Value": value} for name, value in (own | others).items()]


def new_vpc(context: Context, **others: str) -> str:
    ec2 = context.session.client("ec2")
    kinds: Any = [{"ResourceType": "vpc", "Tags": tags(**others)}]
    return ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=kinds)["Vpc"]["VpcId"]


def vpcs(context: Context) -> set[str]:
    return {each["VpcId"] for each in context.session.client("ec2").describe_vpcs()["Vpcs"]}


def save(context: Context, *ids: str, serial: int = 1, **named: str) -> str:
    """A state with these VPCs; returns the id of its version."""
    values = {"tags_all": {"Stack": SINGLE_NODE} | named}
    state = {
        "version": 4,
        "serial": serial,
        "lineage": "a",
        "resources": [
            {
                "mode": "managed",
                "type": "aws_vpc",
                "name": f"vpc_{id_}",
                "instances": [{"attributes": values | {"id": id_}}],
            }
            for id_ in ids
        ],
    }
    body, s3 = json.dumps(state).encode(), context.session.client("s3")
    return s3.put_object(Bucket=BUCKET, Key=state_key(SINGLE_NODE), Body=body)["VersionId"]


def lock(context: Context, stack: str) -> None:
    body = json.dumps({"ID": "1", "Who": "ada@laptop"}).encode()
    context.session.client("s3").put_object(Bucket=BUCKET, Key=lock_key(stack), Body=body)


def locks(context: Context) -> set[str]:
    listed = context.session.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"] for each in listed} & {lock_key(stack) for stack in STACKS}


def found(context: Context) -> list[Orphan]:
    return list(find_orphans(context, Known.of(context)).orphans)


def test_what_a_run_has_saved_meanwhile_stays(context: Context) -> None:
    vpc, other = new_vpc(context), new_vpc(context)
    orphans = found(context)
    assert {each.id for each in orphans} == {vpc, other}
    save(context, vpc)
    assert [each.id for each in remove_orphans(context, orphans)] == [other]
    assert vpc in vpcs(context)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_removed_while_a_run_works(context: Context, stack: str) -> None:
    vpc = new_vpc(context)
    orphans = found(context)
    lock(context, stack)
    with pytest.raises(OperatorError) as refused:
        list(remove_orphans(context, orphans))
    assert refused.value.code is ErrorCode.STATE_LOCKED
    assert vpc in vpcs(context)
    assert locks(context) == {lock_key(stack)}


def test_no_run_begins_meanwhile(context: Context) -> None:
    new_vpc(context)
    for _ in remove_orphans(context, found(context)):
        assert locks(context) == {lock_key(stack) for stack in STACKS}
    assert locks(context) == set()


def test_without_a_bucket_there_is_no_run(context: Context) -> None:
    vpc = new_vpc(context)
    context.session.client("s3").delete_bucket(Bucket=BUCKET)
    assert [each.id for each in remove_orphans(context, found(context))] == [vpc]


def test_the_same_worker_s_name_under_another_prefix_is_another_deployment(
    context: Context,
) -> None:
    new_vpc(context, Project="another")
    role = f"{PREFIX}-2-role"  # which begins like one of ours
    context.session.client("iam").create_role(
        RoleName=role, AssumeRolePolicyDocument=TRUST, Tags=tags(COMMON, Project=f"{PREFIX}-2")
    )
    assert found(context) == []


def test_names_alone_make_no_alarm_and_no_topic_an_orphan(context: Context) -> None:
    cloudwatch, sns = context.session.client("cloudwatch"), context.session.client("sns")
    name = f"{context.names.in_region}-down"

    def alarm(worker: str) -> None:
        cloudwatch.put_metric_alarm(
            AlarmName=f"{name}-{worker}",
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Tags=tags(Worker=worker),
        )

    alarm("another")
    topic = sns.create_topic(Name=f"{PREFIX}-alarms", Tags=tags(COMMON, Worker="another"))
    assert found(context) == []
    alarm(WORKER)
    sns.untag_resource(ResourceArn=topic["TopicArn"], TagKeys=["Worker"])
    sns.tag_resource(ResourceArn=topic["TopicArn"], Tags=tags(COMMON))
    assert {each.id for each in found(context)} == {f"{name}-{WORKER}", topic["TopicArn"]}


def test_the_disk_of_an_instance_that_ends_is_no_volume_of_its_own(context: Context) -> None:
    ec2 = context.session.client("ec2")
    (instance,) = ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": kind, "Tags": tags()} for kind in ("instance", "volume")
        ],
    )["Instances"]
    search = Ec2Search(context, Known.of(context), ec2)
    assert [each.id for each in search.instances()] == [instance["InstanceId"]]
    assert search.volumes() == []
    asked: list[Any] = []

    def note(params: Any, **_: Any) -> None:
        asked.append(params)

    ec2.meta.events.register("provide-client-params.ec2.DescribeInstances", note)
    search.volumes()
    # moto ends instances at once; AWS takes a minute.
    assert "shutting-down" in json.dumps(asked)


def test_a_wait_in_vain_is_a_sentence() -> None:
    orphan = Orphan("aws_ebs_volume", "vol-1", SINGLE_NODE, "the volume vol-1")

    def fail_with(answer: Any) -> None:
        raise WaiterError("VolumeAvailable", "Max attempts exceeded", answer)

    with pytest.raises(OperatorError, match="the volume vol-1") as told:
        remove._remove(orphan, lambda _: fail_with({"Volumes": []}))
    assert told.value.code is ErrorCode.ORPHANS
    remove._remove(orphan, lambda _: fail_with({"Error": {"Code": "InvalidVolume.NotFound"}}))


def test_destroy_empties_the_network_before_terraform_and_keeps_to_what_it_has_shown(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, orphan = new_vpc(context), new_vpc(context)
    save(context, known)
    late: list[str] = []

    def destroy_all(_: Context, approve: Any) -> Workflow[None]:
        assert (yield from approve(Proposal(destroys=True)))
        assert orphan not in vpcs(context)
        assert known in vpcs(context)
        late.append(new_vpc(context))

    monkeypatch.setattr(destroying, "destroy_all", destroy_all)
    monkeypatch.setattr(destroying, "recover", killed)
    monkeypatch.setattr(destroying, "leftovers", lambda _: [])
    result = destroyed(context)
    assert result.destroyed
    assert set(late) <= vpcs(context)


def test_destroy_removes_nothing_that_it_has_not_shown(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing to show it asks nothing; another run may just begin."""
    searches = iter([[], [new_vpc(context)]])

    def orphans(_: Context) -> tuple[Orphan, ...]:
        return tuple(Orphan("aws_vpc", id_, SINGLE_NODE, id_) for id_ in next(searches, []))

    monkeypatch.setattr(destroying, "recover", killed)
    monkeypatch.setattr(destroying, "leftovers", lambda _: [])
    monkeypatch.setattr(destroying, "_orphans", orphans)
    before = vpcs(context)
    assert not destroyed(context).destroyed
    assert vpcs(context) == before


def test_destroy_is_for_the_worker_that_the_settings_name(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The states may be those of another one, in the bucket that is the default of both."""
    save(context, new_vpc(context), Worker="another")
    monkeypatch.setattr(destroying, "destroy_all", None)
    with pytest.raises(OperatorError, match="'another'") as refused:
        destroyed(context)
    assert refused.value.code is ErrorCode.STATE_FOREIGN


def test_a_worker_whose_name_has_changed_halfway_is_destroyed(context: Context) -> None:
    resources = [
        {"type": "aws_vpc", "values": {"tags_all": {"Worker": name}}} for name in ("old", WORKER)
    ]
    require_own_worker(context.settings, [*resources, {"type": "aws_route", "values": {}}])


def killed(*_: Any) -> Workflow[bool]:
    yield from ()
    return True


def destroyed(_: Context) -> DestroyResult:
    scope = destroying.Scope(everything=False, address=None)
    return watch(destroying.destroy(Answers(yes=True), scope), JsonLines())


def test_a_state_that_has_changed_since_the_choice_is_not_overwritten(context: Context) -> None:
    first = save(context, "vpc-1", serial=1)
    newest = save(context, "vpc-1", "vpc-2", serial=2)
    listed = state_versions.list_versions(context, SINGLE_NODE, most=10)
    chosen = state_versions.choose(listed, SINGLE_NODE, first)
    save(context, "vpc-1", "vpc-2", "vpc-3", serial=3)
    with pytest.raises(OperatorError, match="Another run has changed") as refused:
        state_versions.restore(context, chosen, newest=newest)
    assert refused.value.code is ErrorCode.STATE_VERSION
    assert len(Known.of(context).values["aws_vpc"]) == 3
    assert locks(context) == set()


def test_a_bucket_s_policy_with_a_single_statement_is_kept(context: Context) -> None:
    s3 = context.session.client("s3")
    own = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObjectAcl",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    document = {"Version": "2012-10-17", "Statement": own}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    list(ensure_bucket(context))
    statements = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert [each["Sid"] for each in statements] == ["Own", "TlsOnly"]


def test_the_doctor_looks_for_what_bootstrap_makes(context: Context) -> None:
    s3 = context.session.client("s3")
    partly = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [partly]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    checking = CheckContext(known_settings=context.settings, session=context.session)
    found = check_bucket(checking)
    assert found.facts == {"missing": ["encrypted", "private", "TLS only"]}
    assert found.remedy == "allora bootstrap"
    list(ensure_bucket(context))
    assert check_bucket(checking).detail == f"{BUCKET}: versioned, encrypted, private, TLS only"
