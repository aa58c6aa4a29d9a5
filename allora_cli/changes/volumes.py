"""EBS volumes in plans: AWS makes none of them smaller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.plans import Action, Change


class SmallerVolume(NamedTuple):
    """A volume that a plan would make smaller.

    Attributes:
        setting: the variable of its size.
        gib: its size.
        wanted_gib: the size in the plan.
    """

    setting: str
    gib: int
    wanted_gib: int


def smaller_volumes(changes: Iterable[Change]) -> Iterator[SmallerVolume]:
    """Yield the volumes that a plan makes smaller; those of a replaced host or zone are new."""
    for change in changes:
        sizes = _SIZES.get(change.type)
        if sizes is None or change.action is not Action.UPDATE:
            continue
        setting, size_in = sizes
        before, after = size_in(change.before), size_in(change.after)
        if before is not None and after is not None and after < before:
            yield SmallerVolume(setting, before, after)


def require_growing_volumes(changes: Iterable[Change]) -> None:
    """Make sure that a plan makes no volume smaller, which AWS refuses in the middle of it.

    https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html

    Raises:
        OperatorError: it makes one smaller.
    """
    for volume in smaller_volumes(changes):
        raise OperatorError(
            ErrorCode.VOLUME_SIZE,
            f"{volume.setting} is {volume.wanted_gib}, but the volume has {volume.gib} GiB, and "
            "AWS makes no volume smaller. Nothing was changed. Keep the volume: "
            f"{volume.setting}={volume.gib}",
        )


def _data_volume_size(values: Mapping[str, Any]) -> int | None:
    return values.get("size")


def _root_volume_size(values: Mapping[str, Any]) -> int | None:
    return next((root.get("volume_size") for root in values.get("root_block_device") or ()), None)


_SIZES: Final = {
    "aws_ebs_volume": ("EDGE_DATA_VOL_SIZE", _data_volume_size),
    "aws_instance": ("AWS_ROOT_VOLUME_SIZE", _root_volume_size),
}
