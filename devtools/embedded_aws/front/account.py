"""The account of the embedded AWS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PLAN_PATH: Final = "/embedded-aws/account-plan"
"""Where the plan is put, as the body of a request."""


class Plan(StrEnum):
    """What an account pays for.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html
    """

    FREE = "FREE"
    PAID = "PAID"


@dataclass
class Account:
    """What is true of the whole account.

    Attributes:
        plan: what it pays for.
    """

    plan: Plan = Plan.PAID

    def reset(self) -> None:
        """Become what it was at first."""
        self.plan = Plan.PAID


ACCOUNT: Final = Account()
"""There is one in a process, as there is one moto."""
