"""The security group of a fleet's tasks."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from constructs import Construct


class FleetSecurityGroup(Construct):
    """Nothing may come in; all outbound traffic is allowed."""

    def __init__(self, scope: Construct, id_: str, *, name: str, vpc_id: str) -> None:
        super().__init__(scope, id_)
        group = SecurityGroup(
            self,
            "group",
            name=name,
            description="Allora fleet: nothing in, everything out",
            vpc_id=vpc_id,
            tags={"Name": name},
        )
        VpcSecurityGroupEgressRule(
            self,
            "everything-out",
            security_group_id=group.id,
            description="Chain endpoints, images and data sources of the models",
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0",
            tags={"Name": f"{name}-out"},
        )
        self.security_group_id = group.id
