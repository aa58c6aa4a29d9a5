"""Remove orphans, those first on which others depend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import ClientError, WaiterError

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.terraform.handled_stacks import app_stacks
from allora_cli.terraform.locks import locked
from allora_cli.terraform.state_bucket import bucket_exists
from settings.names import FleetNames

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_GONE: Final = ("NotFound", "NoSuchEntity", "ResourceNotFound", "ResourceNotFoundException")
"""How AWS's codes for what is not there end."""

_SNAPSHOT: Final = {"Delay": 15, "MaxAttempts": 240}
"""An hour: a large volume takes longer than botocore's ten minutes."""


def remove_orphans(context: Context, orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Remove orphans, and yield each when it is gone; a volume leaves a snapshot.

    The states are locked meanwhile, and read once more: what a run has created since the search is
    no orphan.

    Raises:
        OperatorError: another run holds a state, or AWS refuses.
    """
    if not orphans:
        return
    with _states_locked(context):
        known = Known.of(context)
        for type_, remove in _Removal(context).in_order().items():
            for orphan in orphans:
                if orphan.type == type_ and not known.has(type_, orphan.id):
                    _remove(orphan, remove)
                    yield orphan


@contextmanager
def _states_locked(context: Context) -> Iterator[None]:
    with ExitStack() as locks:
        if bucket_exists(context):
            for stack in app_stacks(context):
                locks.enter_context(locked(context, stack, "Remove"))
        yield


def _remove(orphan: Orphan, remove: Callable[[str], Any]) -> None:
    try:
        remove(orphan.id)
    except (ClientError, WaiterError) as error:
        answer = error.response if isinstance(error, ClientError) else error.last_response
        if not answer.get("Error", {}).get("Code", "").endswith(_GONE):
            raise OperatorError(
                ErrorCode.ORPHANS,
                f"AWS does not remove {orphan.what}: {error}. Run the same command again: it goes "
                "on from there.",
            ) from error


class _Removal:
    """How each kind is removed.

    Args:
        context: whose session.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ec2: EC2Client = context.session.client("ec2")

    def in_order(self) -> Mapping[str, Callable[[str], Any]]:
        """Return what removes a resource by its id, by Terraform's type."""
        client = self._context.session.client
        ec2, cloudwatch = self._ec2, client("cloudwatch")
        return {
            "aws_cloudwatch_metric_alarm": lambda id_: cloudwatch.delete_alarms(AlarmNames=[id_]),
            "aws_cloudwatch_dashboard": lambda id_: cloudwatch.delete_dashboards(
                DashboardNames=[id_]
            ),
            "aws_ecs_service": self._service,
            "aws_ecs_cluster": lambda id_: client("ecs").delete_cluster(cluster=id_),
            "aws_codebuild_project": lambda id_: client("codebuild").delete_project(
                name=id_.rpartition("/")[2]
            ),
            "aws_ecr_repository": lambda id_: client("ecr").delete_repository(
                repositoryName=id_, force=True
            ),
            "aws_instance": self._instance,
            "aws_eip": self._address,
            "aws_ebs_volume": self._volume,
            "aws_vpc_security_group_ingress_rule": self._ingress_rule,
            "aws_vpc_security_group_egress_rule": self._egress_rule,
            "aws_security_group": lambda id_: ec2.delete_security_group(GroupId=id_),
            "aws_subnet": lambda id_: ec2.delete_subnet(SubnetId=id_),
            "aws_route_table": self._route_table,
            "aws_internet_gateway": self._gateway,
            "aws_vpc": lambda id_: ec2.delete_vpc(VpcId=id_),
            "aws_iam_instance_profile": self._profile,
            "aws_iam_role": self._role,
            "aws_iam_policy": self._policy,
            "aws_sns_topic": lambda id_: client("sns").delete_topic(TopicArn=id_),
            "aws_cloudwatch_log_group": lambda id_: client("logs").delete_log_group(
                logGroupName=id_
            ),
        }

    def _service(self, id_: str) -> None:
        cluster = FleetNames(self._context.settings).fleet
        ecs = self._context.session.client("ecs")
        ecs.delete_service(cluster=cluster, service=id_, force=True)
        # Until its tasks have ended, AWS deletes neither the cluster nor the network.
        ecs.get_waiter("services_inactive").wait(cluster=cluster, services=[id_])

    def _instance(self, id_: str) -> None:
        here: Any = [{"Name": "instance-id", "Values": [id_]}]
        for address in self._ec2.describe_addresses(Filters=here)["Addresses"]:
            self._ec2.disassociate_address(AssociationId=address["AssociationId"])
        self._ec2.terminate_instances(InstanceIds=[id_])
        self._ec2.get_waiter("instance_terminated").wait(InstanceIds=[id_])

    def _address(self, id_: str) -> None:
        (address,) = self._ec2.describe_addresses(AllocationIds=[id_])["Addresses"]
        if link := address.get("AssociationId"):
            self._ec2.disassociate_address(AssociationId=link)
        self._ec2.release_address(AllocationId=id_)

    def _volume(self, id_: str) -> None:
        """Delete a volume after a snapshot, as Terraform does."""
        (volume,) = self._ec2.describe_volumes(VolumeIds=[id_])["Volumes"]
        if volume["State"] != "available":
            self._ec2.get_waiter("volume_available").wait(VolumeIds=[id_])
        tags: Any = [{"ResourceType": "snapshot", "Tags": volume.get("Tags", [])}]
        snapshot = self._ec2.create_snapshot(VolumeId=id_, TagSpecifications=tags)
        self._ec2.get_waiter("snapshot_completed").wait(
            SnapshotIds=[snapshot["SnapshotId"]], WaiterConfig=cast("Any", _SNAPSHOT)
        )
        self._ec2.delete_volume(VolumeId=id_)

    def _ingress_rule(self, id_: str) -> None:
        self._ec2.revoke_security_group_ingress(
            GroupId=self._group_of(id_), SecurityGroupRuleIds=[id_]
        )

    def _egress_rule(self, id_: str) -> None:
        self._ec2.revoke_security_group_egress(
            GroupId=self._group_of(id_), SecurityGroupRuleIds=[id_]
        )

    def _group_of(self, rule: str) -> str:
        found = self._ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])
        return found["SecurityGroupRules"][0]["GroupId"]

    def _route_table(self, id_: str) -> None:
        (table,) = self._ec2.describe_route_tables(RouteTableIds=[id_])["RouteTables"]
        for link in table.get("Associations", []):
            if not link.get("Main"):
                self._ec2.disassociate_route_table(AssociationId=link["RouteTableAssociationId"])
        self._ec2.delete_route_table(RouteTableId=id_)

    def _gateway(self, id_: str) -> None:
        found = self._ec2.describe_internet_gateways(InternetGatewayIds=[id_])
        for link in found["InternetGateways"][0].get("Attachments", []):
            self._ec2.detach_internet_gateway(InternetGatewayId=id_, VpcId=link["VpcId"])
        self._ec2.delete_internet_gateway(InternetGatewayId=id_)

    def _profile(self, id_: str) -> None:
        iam = self._context.session.client("iam")
        profile = iam.get_instance_profile(InstanceProfileName=id_)["InstanceProfile"]
        for role in profile["Roles"]:
            iam.remove_role_from_instance_profile(
                InstanceProfileName=id_, RoleName=role["RoleName"]
            )
        iam.delete_instance_profile(InstanceProfileName=id_)

    def _role(self, id_: str) -> None:
        iam = self._context.session.client("iam")
        for policy in iam.list_attached_role_policies(RoleName=id_)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=id_, PolicyArn=policy["PolicyArn"])
        for name in iam.list_role_policies(RoleName=id_)["PolicyNames"]:
            iam.delete_role_policy(RoleName=id_, PolicyName=name)
        iam.delete_role(RoleName=id_)

    def _policy(self, id_: str) -> None:
        iam = self._context.session.client("iam")
        for role in iam.list_entities_for_policy(PolicyArn=id_)["PolicyRoles"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=id_)
        for version in iam.list_policy_versions(PolicyArn=id_)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=id_, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=id_)
