"""The alarms' ids and remedies, for e-mail, console and `allora status`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class AlarmId(StrEnum):
    """End of an alarm's name."""

    HOST_RECOVERY = "host-recovery"
    INSTANCE_REBOOT = "instance-reboot"
    WORKER_RESTARTS = "worker-restarts"
    MODEL_RESTARTS = "model-restarts"
    DISK_FULL = "disk-full"
    TRAFFIC_OUT = "traffic-out"
    CPU_CREDITS = "cpu-credits"
    NO_SUBMISSION = "no-submission"
    BALANCE_LOW = "balance-low"
    SDK_REFUSED = "sdk-refused"
    FEE_REFUSED = "fee-refused"
    NOT_EARNING = "not-earning"


OF_THE_OWN_WORKER: Final = frozenset(
    {
        *(AlarmId.NO_SUBMISSION, AlarmId.NOT_EARNING, AlarmId.BALANCE_LOW),
        *(AlarmId.SDK_REFUSED, AlarmId.FEE_REFUSED),
    }
)
"""Alarms on metrics that a worker image of one's own may not report."""


def alarm_ids(*, burstable: bool, own_worker: bool) -> frozenset[AlarmId]:
    """Return the alarms of a deployment.

    Args:
        burstable: whether the instance runs on CPU credits.
        own_worker: whether the worker is the project's own.
    """
    absent = set() if own_worker else set(OF_THE_OWN_WORKER)
    if not burstable:
        absent.add(AlarmId.CPU_CREDITS)
    return frozenset(AlarmId) - absent


class FleetAlarmId(StrEnum):
    """End of the name of a fleet's alarm."""

    NO_SUBMISSION = "no-submission"
    WORKER_MISSING = "worker-missing"
    NOT_EARNING = "not-earning"
    BALANCE_LOW = "balance-low"
    REFUSED = "refused"
    WALLET_SHARED = "wallet-shared"


FLEET_REMEDIES: Final[Mapping[str, str]] = {
    FleetAlarmId.NO_SUBMISSION: (
        "allora status lists the workers, the one in trouble first; allora status --worker NAME "
        "says what is wrong with it. A topic that is not active has no windows: give the worker "
        "another ALLORA_WORKER_TOPIC_ID, or paused = true, in fleet.toml, and type: allora deploy."
    ),
    FleetAlarmId.WORKER_MISSING: (
        "allora status names the worker that does not run, and why: without its wallet or another "
        "secret, a task does not start (allora doctor); a task that ends says why in its log "
        "(allora logs worker --worker NAME --since 1h). Of Fargate Spot, AWS may have no capacity: "
        "it starts the task when it has some, or set capacity = FARGATE in fleet.toml."
    ),
    FleetAlarmId.NOT_EARNING: (
        "allora status names the worker, and says what the network makes of its submissions. "
        "Improve its model, or have it serve a topic with fewer workers: ALLORA_WORKER_TOPIC_ID in "
        "fleet.toml, then allora deploy."
    ),
    FleetAlarmId.BALANCE_LOW: (
        "allora status names the worker. Send ALLO to the address that allora wallet address "
        "--worker NAME prints; on testnet, https://faucet.testnet.allora.network/ gives some. The "
        "limit is ALARM_BALANCE."
    ),
    FleetAlarmId.REFUSED: (
        "allora status names the worker. If its SDK is refused, find the newest version at "
        "https://github.com/allora-network/allora-sdk-py/releases, then make lock-worker "
        "SDK=X.Y.Z, set ALLORA_SDK_VERSION and type: allora deploy. If a fee is, compare it with "
        "what others pay: raise ALLORA_MAX_FEE, or name another ALLORA_GRPC_URL."
    ),
    FleetAlarmId.WALLET_SHARED: (
        "nothing after transfers of your own. Otherwise allora status names the worker, and "
        "allora doctor tells whether another one of this account has its wallet; end "
        "that one, or give it its own: allora wallet create --replace --worker NAME. If nothing of "
        "yours has it, a stranger may know the words: send the coins to another wallet."
    ),
}


def remedy_of(alarm: AlarmId | FleetAlarmId) -> str:
    """Return what to do about an alarm."""
    return FLEET_REMEDIES[alarm] if isinstance(alarm, FleetAlarmId) else REMEDIES[alarm]


REMEDIES: Final[Mapping[str, str]] = {
    AlarmId.HOST_RECOVERY: (
        "nothing, if AWS has moved the instance. If it repeats, or AWS does not move this type: "
        "stop the instance (aws ec2 stop-instances) and start it again; what was on local disks is "
        "lost."
    ),
    AlarmId.INSTANCE_REBOOT: (
        "nothing, unless it repeats: then allora logs boot, and aws ec2 get-console-output."
    ),
    AlarmId.WORKER_RESTARTS: (
        "allora logs worker --since 1h; the last lines before each start say why. After a new "
        "secret: allora restart."
    ),
    AlarmId.MODEL_RESTARTS: (
        "allora logs model --since 1h says why. If it says nothing, the model may have run out of "
        "memory: take a larger AWS_INSTANCE_TYPE. A mended model: allora update --model-ref REF."
    ),
    AlarmId.DISK_FULL: (
        "allora connect, and there: sudo du -xh --max-depth 3 /var/lib /var/lib/allora | sort -h | "
        "tail. Have the model write less, or raise EDGE_DATA_VOL_SIZE (without a data volume, "
        "AWS_ROOT_VOLUME_SIZE) and type: allora deploy, then allora restart --reboot."
    ),
    AlarmId.TRAFFIC_OUT: (
        "allora connect, and there: sudo docker stats --no-stream shows which container sends. The "
        "model: look for what it does, and stop it meanwhile with sudo docker stop allora-model-1. "
        "The worker: strangers ask it much; ALLORA_INGRESS_CIDRS says who may."
    ),
    AlarmId.CPU_CREDITS: (
        "have the model compute less, or take a larger AWS_INSTANCE_TYPE, or one that is not "
        "burstable, as m7g.medium is, and type: allora deploy."
    ),
    AlarmId.NO_SUBMISSION: (
        "allora status says what is wrong; allora logs worker --since 1h shows how it came to "
        "that. A topic that is not active has no windows: choose another ALLORA_WORKER_TOPIC_ID."
    ),
    AlarmId.BALANCE_LOW: (
        "send ALLO to the address that allora wallet address prints; on testnet, "
        "https://faucet.testnet.allora.network/ gives some. The limit is ALARM_BALANCE."
    ),
    AlarmId.SDK_REFUSED: (
        "find the SDK's newest version at "
        "https://github.com/allora-network/allora-sdk-py/releases, then make lock-worker "
        "SDK=X.Y.Z, then allora update --sdk-version X.Y.Z."
    ),
    AlarmId.FEE_REFUSED: (
        "allora status shows the fee and the limit. If others pay as much, raise the limit; if "
        "not, name another endpoint, ALLORA_GRPC_URL; then type: allora deploy."
    ),
    AlarmId.NOT_EARNING: (
        "allora status says what the network makes of the submissions, and allora status --plot "
        "how the score develops. Improve the model (allora update --model-ref REF), or serve a "
        "topic with fewer workers: ALLORA_WORKER_TOPIC_ID, then allora deploy."
    ),
}
