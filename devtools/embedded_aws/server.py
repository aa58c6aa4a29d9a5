"""The embedded AWS: moto's server, and what this project needs and moto lacks.

- Canonical's public parameters, which lead to Ubuntu's images.
- Bucket policies that ask for TLS: this server speaks HTTP, on loopback alone.
- Whose the credentials `embedded` are: the account's root user, who may do everything.
- IAM's simulation of policies.
- What AWS answers to a DetachVolume that was carried out already.
- Quotas of EC2 and Fargate. To ask for another value is to have it at once, also for a lower one.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError, InvalidVolumeAttachmentError
from moto.ec2.models.elastic_block_store import EBSBackend, VolumeAttachment
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.s3.models import FakeBucket
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse
from moto.ssm import models
from moto.sts.models import STSBackend
from werkzeug.serving import LISTEN_QUEUE, make_server

from devtools.embedded_aws.codebuild import complete_codebuild
from devtools.embedded_aws.ecs import complete_ecs
from devtools.embedded_aws.front.application import embedded_aws
from devtools.embedded_aws.iam.simulator import add_simulator
from settings.catalogue import Architecture
from settings.images import ubuntu_parameter

# Canonical's public parameters lead to images that moto knows: it boots none of them anyway.
_IMAGES: dict[Architecture, str] = {"x86_64": "ami-785db401", "arm64": "ami-0e9271c829888680e"}


class _ParametersWithUbuntuImages(models.ParameterDict):
    """AWS's public parameters cannot be put through its API, so they are there from the start."""

    def __init__(self, account_id: str, region_name: str) -> None:
        super().__init__(account_id, region_name)
        for architecture, image in _IMAGES.items():
            name = ubuntu_parameter(architecture)
            self[name] = [
                models.Parameter(  # type: ignore[abstract]  # as moto itself makes them
                    account_id=account_id,
                    name=name,
                    value=image,
                    parameter_type="String",
                    description=None,
                    allowed_pattern=None,
                    keyid=None,
                    last_modified_date=utcnow(),
                    version=1,
                    data_type="aws:ec2:image",
                )
            ]


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """Return a bucket policy's verdict without "TLS only": this server speaks HTTP on loopback.

    moto evaluates no conditions, so that such a statement would deny everything.
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    policy["Statement"] = [
        statement
        for statement in policy["Statement"]
        if statement.get("Condition") != {"Bool": {"aws:SecureTransport": "false"}}
    ]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _know_who_is_embedded() -> None:
    """Have STS name the root user for moto's default credentials."""
    ask = STSBackend.get_caller_identity

    def get_caller_identity(
        self: STSBackend, access_key_id: str, region: str
    ) -> tuple[str, str, str]:
        user_id, arn, account_id = ask(self, access_key_id, region)
        if arn.endswith(":user/moto"):
            return account_id, f"arn:{self.partition}:iam::{account_id}:root", account_id
        return user_id, arn, account_id

    STSBackend.get_caller_identity = get_caller_identity  # type: ignore[method-assign]


# What AWS gives to a new account is less; these are the values of one that is in use.
# https://docs.aws.amazon.com/general/latest/gr/ec2-service.html#limits_ec2
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
_QUOTAS = {
    "ec2": {
        "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 32.0),
        "L-0263D0A3": ("EC2-VPC Elastic IPs", 5.0),
    },
    "fargate": {
        "L-3032A538": ("Fargate On-Demand vCPU resource count", 64.0),
        "L-36FBB829": ("Fargate Spot vCPU resource count", 64.0),
    },
}


def _add_quotas() -> None:
    ask = ServiceQuotasBackend.get_service_quota

    def granted(backend: ServiceQuotasBackend) -> dict[tuple[str, str], float]:
        values: dict[tuple[str, str], float] = backend.__dict__.setdefault("granted", {})
        return values

    def get_service_quota(
        self: ServiceQuotasBackend, service_code: str, quota_code: str
    ) -> dict[str, Any]:
        known = _QUOTAS.get(service_code)
        if known is None:
            quota = ask(self, service_code, quota_code)
        elif quota_code in known:
            name, value = known[quota_code]
            quota = {"QuotaCode": quota_code, "QuotaName": name, "Value": value}
        else:
            raise NoSuchResource
        return quota | {"Value": granted(self).get((service_code, quota_code), quota["Value"])}

    def request_service_quota_increase(self: ServiceQuotasResponse) -> str:
        wanted = json.loads(self.body)
        code = wanted["ServiceCode"], wanted["QuotaCode"]
        self.backend.get_service_quota(*code)  # an error when there is none
        granted(self.backend)[code] = wanted["DesiredValue"]
        return json.dumps({"RequestedQuota": wanted | {"Status": "APPROVED"}})

    ServiceQuotasBackend.get_service_quota = get_service_quota  # type: ignore[method-assign]
    ServiceQuotasResponse.request_service_quota_increase = (  # type: ignore[attr-defined]
        request_service_quota_increase
    )


class _IncorrectStateError(EC2ClientError):
    def __init__(self, volume_id: str) -> None:
        super().__init__("IncorrectState", f"Volume '{volume_id}' is in the 'available' state.")


def _know_detached_volumes() -> None:
    """Have EC2 name the state of a volume that is detached already.

    The AWS provider then takes a repeated request, after a lost answer, for done. moto says that
    the attachment does not exist.
    """
    detach = EBSBackend.detach_volume

    def detach_volume(
        self: EBSBackend, volume_id: str, instance_id: str, device_path: str
    ) -> VolumeAttachment:
        try:
            return detach(self, volume_id, instance_id, device_path)
        except InvalidVolumeAttachmentError as error:
            raise _IncorrectStateError(volume_id) from error

    EBSBackend.detach_volume = detach_volume  # type: ignore[method-assign]


def complete_moto() -> None:
    """Give moto what it lacks."""
    FakeBucket.get_permission = _permission  # type: ignore[assignment, method-assign]
    models.ParameterDict = _ParametersWithUbuntuImages  # type: ignore[misc]
    add_simulator()
    _know_who_is_embedded()
    _add_quotas()
    _know_detached_volumes()
    complete_ecs()
    complete_codebuild()


def serve(listening: socket.socket) -> None:
    """Serve on a bound socket until the process ends."""
    listening.listen(LISTEN_QUEUE)
    host, port = listening.getsockname()
    make_server(
        host,
        port,
        embedded_aws(),
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=listening.fileno(),
    ).serve_forever()


if __name__ == "__main__":
    complete_moto()
    serve(socket.socket(fileno=int(sys.argv[1])))
