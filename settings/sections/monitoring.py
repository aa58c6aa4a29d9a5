"""Alarms and logs."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, field_validator

from containers.worker.allora_worker import contract
from settings.checks import matching, whole_number
from settings.errors import fault
from settings.variable import Section, variable
from shared.networks import MAINNET, NETWORKS, TESTNET

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


class MonitoringSettings(Section):
    """The section "Monitoring"."""

    alarm_email: Annotated[
        str | None,
        matching(
            r"[^@\s,;<>\"]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,63}",
            "is not an e-mail address.",
            "one address, as in you@example.com",
        ),
    ] = variable(
        "ALARM_EMAIL",
        "Where alarms are sent. AWS first sends a message with a link to confirm.",
        default=None,
        default_text="no e-mail",
        example="you@example.com",
    )
    alarm_missed_windows: Annotated[int, whole_number(2, 1000)] = variable(
        "ALARM_MISSED_WINDOWS",
        "After how many windows of a topic without an accepted submission an alarm rings. From 2 "
        "to 1000. With a topic that has one window a day, 3 are three days.",
        default=3,
        example="2",
    )
    alarm_balance: Annotated[Decimal, BeforeValidator(contract.amount_of_allo)] = variable(
        "ALARM_BALANCE",
        "Below how many ALLO in the wallet an alarm rings; 0: never.",
        default_factory=lambda data: NETWORKS[data["allora_network"]].hundred_transactions,
        default_text="about 100 transactions: "
        f"`{TESTNET.hundred_transactions:f}` on testnet, "
        f"`{MAINNET.hundred_transactions:f}` on mainnet",
        example="0.5",
    )
    log_retention_days: Annotated[int, whole_number(1, LOG_RETENTION_DAYS[-1], "days")] = variable(
        "LOG_RETENTION_DAYS",
        "How many days CloudWatch keeps the logs: " + ", ".join(map(str, LOG_RETENTION_DAYS)) + ".",
        default=30,
        example="90",
    )

    @field_validator("log_retention_days")
    @classmethod
    def _offered_by_cloudwatch(cls, days: int) -> int:
        if days not in LOG_RETENTION_DAYS:
            below = max(choice for choice in LOG_RETENTION_DAYS if choice < days)
            above = min(choice for choice in LOG_RETENTION_DAYS if choice > days)
            raise fault(
                "is not a retention that CloudWatch Logs offers.", f"take {below} or {above} days"
            )
        return days
