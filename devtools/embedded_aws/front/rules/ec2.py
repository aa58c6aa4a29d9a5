"""Rules of EC2."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance

from devtools.embedded_aws.front.account import ACCOUNT, Plan
from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError

_MOST_USER_DATA: Final = 16_384
"""Bytes, decoded. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"""

_HOPS: Final = range(1, 65)
_MOST_OF_DESCRIPTION: Final = 255
_DESCRIPTION: Final = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")
_MOST_TAGS: Final = 50
_MOST_OF_KEY: Final = 128
_MOST_OF_VALUE: Final = 256


def free_plan(call: Call) -> None:
    """An account of the Free plan starts only types that are eligible for it.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html
    The text: https://github.com/LinkedInLearning/learning-terraform-3087701/issues/345
    """
    traits = _type(call)
    if ACCOUNT.plan is Plan.FREE and traits and not traits["FreeTierEligible"]:
        raise RefusedError(
            "InvalidParameterCombination",
            "The specified instance type is not eligible for Free Tier. For a list of Free Tier "
            "instance types, run 'describe-instance-types' with the filter "
            "'free-tier-eligible=true'.",
        )


def architecture(call: Call) -> None:
    """Type and image are of one architecture.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-type-compatibility.html
    """
    traits = _type(call)
    image = _backend(call).amis.get(call.parameters.get("ImageId", ""))
    if traits is None or image is None or image.architecture is None:
        return  # moto keeps no architecture of an image that somebody registers
    supported = traits["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in supported:
        raise RefusedError(
            "InvalidParameterValue",
            f"The architecture '{','.join(supported)}' of the specified instance type does not "
            f"match the architecture '{image.architecture}' of the specified AMI. Specify an "
            "instance type and an AMI that have matching architectures, and try again.",
        )


def user_data(call: Call) -> None:
    """User data are base64, and at most 16 KiB of what they decode to.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    encoded = call.parameters.get("UserData", "")
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except binascii.Error as error:
        message = "Invalid BASE64 encoding of user data."
        raise RefusedError("InvalidParameterValue", message) from error
    if size > _MOST_USER_DATA:
        message = f"User data is limited to {_MOST_USER_DATA} bytes"
        raise RefusedError("InvalidParameterValue", message)


def metadata_options(call: Call) -> None:
    """Answers of the metadata service go over 1 to 64 hops.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsRequest.html
    """
    hops = call.parameters.get("MetadataOptions", {}).get("HttpPutResponseHopLimit", 1)
    if hops not in _HOPS:
        message = f"The value ({hops}) for parameter HttpPutResponseHopLimit is invalid."
        raise RefusedError("InvalidParameterValue", message)


def descriptions(call: Call) -> None:
    """Security groups and their rules are described in few characters, all of them ASCII.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    """
    permissions = call.parameters.get("IpPermissions", [])
    kinds = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    ranges = [each for rule in permissions for kind in kinds for each in rule.get(kind, [])]
    given = [call.parameters, *ranges]
    for value in (each["Description"] for each in given if "Description" in each):
        if len(value) > _MOST_OF_DESCRIPTION or not _DESCRIPTION.fullmatch(value):
            message = f"Value ({value}) for parameter Description is invalid."
            raise RefusedError("InvalidParameterValue", message)


def tags(call: Call) -> None:
    """A resource has at most 50 tags, of 128 and 256 characters, and none of AWS's own.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
    """
    specifications = [call.parameters, *call.parameters.get("TagSpecifications", [])]
    for given in (each.get("Tags", []) for each in specifications):
        if len(given) > _MOST_TAGS:
            message = "The maximum number of Tags for a resource has been reached."
            raise RefusedError("TagLimitExceeded", message)
        for tag in given:
            _check_tag(tag["Key"], tag.get("Value", ""))


def _check_tag(key: str, value: str) -> None:
    if key.lower().startswith("aws:"):
        message = f"Tag keys starting with 'aws:' are reserved for internal use: {key}"
        raise RefusedError("InvalidParameterValue", message)
    if not 0 < len(key) <= _MOST_OF_KEY:
        message = f"Tag key exceeds the maximum length of {_MOST_OF_KEY} characters: {key}"
        raise RefusedError("InvalidParameterValue", message)
    if len(value) > _MOST_OF_VALUE:
        message = f"Tag value exceeds the maximum length of {_MOST_OF_VALUE} characters: {value}"
        raise RefusedError("InvalidParameterValue", message)


def volume_only_grows(call: Call) -> None:
    """A volume's size is never lowered.

    https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
    The text: https://github.com/aws/aws-cli/issues/4216
    """
    volume = _volume(call)
    size = call.parameters.get("Size")
    if volume and size is not None and size < volume.size:
        message = "New size cannot be smaller than existing size"
        raise RefusedError("InvalidParameterValue", message)


def volume_is_settled(call: Call) -> None:
    """A volume that is being changed is not changed again.

    A change takes hours; here it is never completed.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html
    The text: https://github.com/hashicorp/terraform-provider-aws/issues/44612
    """
    volume = _volume(call)
    if volume and volume.modifications:
        raise RefusedError(
            "VolumeModificationRateExceeded",
            "You've reached the maximum modification rate per volume limit. Wait at least 6 hours "
            "between modifications per EBS volume.",
        )


def latest_console_output(call: Call) -> None:
    """Only Nitro instances give their latest console output.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
    """
    instance = _instance(call, call.parameters["InstanceId"])
    if not (call.parameters.get("Latest") and instance):
        return
    if INSTANCE_TYPES[instance.instance_type].get("Hypervisor") == "xen":
        message = "This instance type does not support retrieving the latest console logs."
        raise RefusedError("UnsupportedOperation", message)


def recovers(call: Call, instance_id: str) -> bool:
    """Return whether EC2 can recover an instance; one that is not there is not judged."""
    instance = _instance(call, instance_id)
    return instance is None or bool(INSTANCE_TYPES[instance.instance_type]["AutoRecoverySupported"])


def _type(call: Call) -> dict[str, Any] | None:
    """Return what AWS says about the type that is asked for; None if there is no such type."""
    traits: dict[str, Any] | None = INSTANCE_TYPES.get(call.parameters.get("InstanceType", ""))
    return traits


def _backend(call: Call) -> EC2Backend:
    return ec2_backends[call.account_id][call.region]


def _volume(call: Call) -> Volume | None:
    return _backend(call).volumes.get(call.parameters["VolumeId"])


def _instance(call: Call, instance_id: str) -> Instance | None:
    instances = _backend(call).all_instances()
    return next((instance for instance in instances if instance.id == instance_id), None)
