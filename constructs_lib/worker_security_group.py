"""The security group of the worker's host."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct


class WorkerSecurityGroup(Construct):
    """Lets consumers reach the worker's port, and nothing else in. Everything may go out.

    Args:
        name: the group's name.
        vpc_id: the VPC that it belongs to.
        worker_port: the TCP port on which the worker answers.
        ingress_cidrs: the IPv4 blocks that may reach that port. Empty: nobody.

    Attributes:
        security_group_id: the group's id.
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
        # One rule a CIDR, its id made of the CIDR: adding or removing one leaves the others alone.
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
        # Any port: the chain, package archives, container registries and whatever data sources
        # and head nodes a user's model and worker speak to.
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
