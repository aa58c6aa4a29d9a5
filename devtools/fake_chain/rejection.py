"""Why a chain refuses a transaction, in its own numbers and words."""

from __future__ import annotations

from .failure import Failure

# Numbers and texts of the Cosmos SDK, code space `sdk`:
# https://github.com/cosmos/cosmos-sdk/blob/main/types/errors/errors.go
UNDECODABLE = 2
UNAUTHORIZED = 4
INSUFFICIENT_FUNDS = 5
INVALID_PUBLIC_KEY = 8
INSUFFICIENT_FEE = 13
INVALID_REQUEST = 18
ALREADY_IN_MEMPOOL = 19
TIMEOUT_HEIGHT = 30
WRONG_SEQUENCE = 32

# Numbers of the emissions module, code space `emissions`:
# https://github.com/allora-network/allora-chain/blob/main/x/emissions/types/errors.go
INVALID_TOPIC = 6
INSUFFICIENT_STAKE = 11
NOT_REGISTERED = 13
NONCE_STILL_UNFULFILLED = 45
BUNDLE_SIGNATURE = 47
INVALID_VALUE = 52
WORKER_WINDOW_NOT_OPEN = 67
REPUTER_WINDOW_NOT_OPEN = 68
NONCE_NOT_FOUND = 75
NO_FORECAST_ELEMENTS = 77
EMA_ALREADY_UPDATED = 78
# ErrNotPermittedToSubmitWorkerPayload and …ReputerPayload exist, but their numbers are not
# published: invented.
NOT_WHITELISTED = 1066

# An error without a number of its own, such as "inference already submitted":
# https://github.com/cosmos/cosmos-sdk/blob/main/errors/abci.go
PLAIN_ERROR = 1
UNDEFINED = "undefined"


class Rejection(Exception):  # noqa: N818 - an answer of the chain's, and no fault in it
    """A transaction breaks one of the chain's rules.

    Args:
        code: The rule's number in its code space.
        log: The text for people.
        codespace: `sdk` for what concerns every transaction, `emissions` for its content.
    """

    def __init__(self, code: int, log: str, codespace: str = "emissions") -> None:
        super().__init__(log)
        self.failure = Failure(code, codespace, log)
