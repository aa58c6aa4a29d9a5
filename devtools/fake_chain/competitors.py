"""The other participants of a topic, who are played by the chain itself.

A forecaster predicts other inferers' losses, a reputer scores them, an inferer is scored and paid
in comparison with them; on a computer of one's own there are no others. What they submit follows
from the truth and from an error that a test chooses, so that every score can be computed by hand.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from cosmpy.crypto.address import Address
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from .transactions import PREFIX

Kind: TypeAlias = Literal["inferer", "forecaster", "reputer"]
"""What a participant does; the chain's ActorType."""

Error = Annotated[Decimal, Field(allow_inf_nan=False)]


class Competitor(BaseModel):
    """A participant whom the chain plays.

    Attributes:
        name: Makes up the address.
        kind: What it does.
        error: How wrong it is. An inferer predicts the truth times 1 + error, or mixes that part
            of complete ignorance into a prediction of several labels. A forecaster's losses
            (log10) are the right ones times 1 + error, and a reputer's the right ones plus error.
        stake: What stands behind a reputer's losses, in uallo.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Kind = "inferer"
    error: Error = Decimal(0)
    stake: NonNegativeInt = 10**20

    @property
    def address(self) -> str:
        """Its account's address."""
        name = f"fake chain, {self.kind} {self.name}"
        return str(Address(hashlib.sha256(name.encode()).digest()[:20], prefix=PREFIX))


USUAL_COMPETITORS = (
    # They are two, because allora_sdk warns an inferer that is far from three or more.
    Competitor(name="1", error=Decimal("-0.001")),
    Competitor(name="2", error=Decimal("0.001")),
    Competitor(name="1", kind="reputer"),
    Competitor(name="2", kind="reputer", error=Decimal("0.01")),
)
