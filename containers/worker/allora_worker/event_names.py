"""The events that the worker reports, and the states in its `/health`.

Readers of the worker's log take the names from here, so this module imports nothing but the
standard library.
"""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """The member `event` of a line of the worker's log; a library's line has its logger's name."""

    METRIC = "metric"
    STATUS = "status"
    """The document of `/health`, in the member `health`, every minute, in a fleet."""
    STARTING = "starting"
    STOPPING = "stopping"
    READY = "ready"
    """Registered in the topic."""
    GAVE_UP = "gave_up"
    """The network refuses the worker in every topic."""
    CRASHED = "crashed"
    HUNG = "hung"
    INTERNAL_ERROR = "internal_error"
    REFUSED = "refused"
    """The network refuses the worker in a topic."""

    WINDOW = "window"
    """A submission window has opened."""
    SUBMITTED = "submitted"
    ALREADY_SUBMITTED = "already_submitted"
    ATTEMPT_FAILED = "attempt_failed"
    WINDOW_LOST = "window_lost"

    JUDGED = "judged"
    """The network has judged a submission: admitted or not, score, rank, losses, reward."""
    EARNING = "earning"
    """The worker earns, for the first time or again."""
    NOT_EARNING = "not_earning"
    """The worker submits, or would, and the network pays nothing for it."""
    VERDICT_UNKNOWN = "verdict_unknown"
    """The network no longer says whether the worker earns."""
    REWARDED = "rewarded"
    """The network has paid the reward for a nonce."""

    MODEL_WORKS = "model_works"
    MODEL_FAILED = "model_failed"
    VALUE_IMPLAUSIBLE = "value_implausible"
    """The model's value is off by orders of magnitude from the network's."""

    CHAIN_AVAILABLE = "chain_available"
    CHAIN_UNAVAILABLE = "chain_unavailable"
    ENDPOINT_CHANGED = "endpoint_changed"
    """Another endpoint of the chain is asked from now on."""
    CHAIN_RESET = "chain_reset"
    WEBSOCKET_WORKS = "websocket_works"
    WEBSOCKET_FAILED = "websocket_failed"
    WEBSOCKET_REFUSED = "websocket_refused"
    WEBSOCKET_DEAF = "websocket_deaf"
    WEBSOCKET_FRAME = "websocket_frame"
    """A frame was not understood."""

    BALANCE_LOW = "balance_low"
    BALANCE_RESTORED = "balance_restored"
    FAUCET = "faucet"
    FEE_REFUSED = "fee_refused"
    FEES_FORGOTTEN = "fees_forgotten"
    FEES_NOT_KEPT = "fees_not_kept"
    PAYMENTS_HELD = "payments_held"
    WALLET_SHARED = "wallet_shared"
    """Somebody else has sent a transaction with the wallet."""


class TopicState(StrEnum):
    """The state of the work in a topic."""

    STARTING = "starting"
    WAITING = "waiting"
    """Registered; the next window will come."""
    WORKING = "working"
    """In a window: asking the model server, or submitting."""
    FAILING = "failing"
    """The last window was lost."""
    CHAIN_UNAVAILABLE = "chain_unavailable"
    REFUSED = "refused"
    """The network refuses the worker until the operator intervenes."""


class ModelState(StrEnum):
    """The state of the model server."""

    UNKNOWN = "unknown"
    """Before the first request."""
    OK = "ok"
    FAILING = "failing"


class Earning(StrEnum):
    """What the network makes of the worker's submissions in a topic."""

    EARNING = "earning"
    NOT_ADMITTED = "not_admitted"
    """The chain took the transaction, and the submission is not among those of its nonce."""
    NOT_IN_ACTIVE_SET = "not_in_active_set"
    """The same, because the worker's score is not above the lowest in the active set."""
    NO_REWARD = "no_reward"
    """The submission was scored, and its reward is 0."""
    TOPIC_INACTIVE = "topic_inactive"
    """The topic has no windows."""
    NOT_WHITELISTED = "not_whitelisted"
    """The topic takes no submissions of the wallet."""
    UNKNOWN = "unknown"
    """Nothing is judged yet, or the network does not say."""
