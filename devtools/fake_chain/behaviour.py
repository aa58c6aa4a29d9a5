"""How a fake chain misbehaves; all of it can be changed while it runs."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from .competitors import USUAL_COMPETITORS, Competitor
from .facts import TopicFacts
from .failure import Failure

GAS_PRICE = 1
"""The least that a transaction must offer for a unit of gas, in uallo."""

GAS_USED = 90_000
"""What every transaction takes, in units of gas."""


MOST_SUBSCRIPTIONS, MOST_SUBSCRIBERS = 5, 100
"""max_subscriptions_per_client and max_subscription_clients in
https://docs.cometbft.com/v0.38/core/configuration"""


class Behaviour(BaseModel):
    """What the node does differently from a healthy one.

    Attributes:
        chain_id: The name that the node reports, and that signatures must cover.
        whitelisted: False: no address may submit.
        frozen: Connections are accepted and kept, but no byte is answered until it is False again.
        deaf: The websocket stays open and answers pings, but delivers no event.
        refuse: Open connections are dropped and new ones refused.
        unimplemented: The node does not know the emissions module in the version that the
            worker speaks, as after a network upgrade.
        inactive: No topic has the weight that makes it active.
        checktx: Every transaction is refused with this when it is broadcast.
        delivertx: Every transaction fails with this in its block, and costs its fee.
        latest_height: What the node reports as the newest block's height; None: the true one.
        invented_nonces: So many nonces, the newest heights, are listed as unfulfilled, and no
            window is open for them.
        balance_text: What the node reports as every balance, in uallo; None: the true ones.
        error_text: Every query about topics fails with this text; None lets them be answered.
        padding: So many characters are in the name of every topic.
        balance: What every account has from now on, in uallo; None leaves the accounts alone.
        gas_price: What the node says that a unit of gas costs, in uallo; it takes transactions
            that pay less, down to 1.
        simulated_gas: What the node says that every transaction takes, in units of gas.
        sequence: The number that the node says every account's next transaction must have; None:
            the true one.
        most_subscriptions: So many different queries may one websocket client subscribe to; a
            node's default is 5.
        most_subscribers: So many websocket clients may subscribe; a node's default is 100.
        calls_per_block: After so many calls of gRPC and REST together, the node answers that the
            client must slow down, until the next block; None: it has no limit.
        topics: What distinguishes each topic; those that are not named have nothing special.
        competitors: The participants whom the chain plays in each topic.
        most_inferers: So many inferers of an epoch count: max_top_inferers_to_reward.
        most_forecasters: The same of forecasters.
        most_reputers: The same of reputers.
        score_alpha: Weight of the newest score in an average: merit_sortition_alpha.
        reward: What is paid for each epoch of a topic, in uallo.
        minimum_stake: What a reputer must have staked in the topic, in uallo; the network wants
            more than nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    chain_id: str
    whitelisted: bool = True
    frozen: bool = False
    deaf: bool = False
    refuse: bool = False
    unimplemented: bool = False
    inactive: bool = False
    checktx: Failure | None = None
    delivertx: Failure | None = None
    latest_height: int | None = None
    invented_nonces: NonNegativeInt = 0
    balance_text: str | None = None
    error_text: str | None = None
    padding: NonNegativeInt = 0
    balance: NonNegativeInt | None = None
    gas_price: NonNegativeInt = GAS_PRICE
    simulated_gas: NonNegativeInt = GAS_USED
    sequence: NonNegativeInt | None = None
    most_subscriptions: NonNegativeInt = MOST_SUBSCRIPTIONS
    most_subscribers: NonNegativeInt = MOST_SUBSCRIBERS
    calls_per_block: NonNegativeInt | None = None
    topics: dict[int, TopicFacts] = Field(default_factory=dict)
    competitors: tuple[Competitor, ...] = USUAL_COMPETITORS
    # DefaultParams in x/emissions/types/params.go of the chain
    most_inferers: PositiveInt = 32
    most_forecasters: PositiveInt = 6
    most_reputers: PositiveInt = 6
    score_alpha: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.1")
    reward: NonNegativeInt = 3 * 10**18
    minimum_stake: NonNegativeInt = 0

    def changed(self, changes: dict[str, object]) -> Behaviour:
        """Return this behaviour with some of it changed.

        Raises:
            pydantic.ValidationError: A name is unknown, or a value is of the wrong type.
        """
        return Behaviour.model_validate({**self.model_dump(exclude={"balance"}), **changes})
