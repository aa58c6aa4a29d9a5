"""The security group of the worker's host."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct


class WorkerSecurityGroup(Construct):
    """Only the worker's port is open inbound; all outbound traffic is allowed.

    Args:
        worker_port: the worker's TCP port.
        ingress_cidrs: the IPv4 blocks that may reach the port; empty: none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        vpc_id: str,
        worker_port: int,
        ingress_cidrs: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        group = SecurityGroup(
            self,
            "group",
            name=name,
            description="Allora worker: its inference port in, everything out",
            vpc_id=vpc_id,
            tags={"Name": name},
        )
        # An id for each CIDR: adding or removing one leaves the others alone.
        for cidr in ingress_cidrs:
            VpcSecurityGroupIngressRule(
                self,
                f"worker-port-from-{cidr.replace('/', '-')}",
                security_group_id=group.id,
                description="Requests for inferences",
                ip_protocol="tcp",
                from_port=worker_port,
                to_port=worker_port,
                cidr_ipv4=cidr,
                tags={"Name": f"{name}-worker-port"},
            )
        VpcSecurityGroupEgressRule(
            self,
            "everything-out",
            security_group_id=group.id,
            description="Chain endpoints, packages, images and data sources of the model",
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0",
            tags={"Name": f"{name}-out"},
        )
        self.security_group_id = group.id
