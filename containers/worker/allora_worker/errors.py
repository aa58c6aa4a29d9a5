"""The worker's errors, by its reaction to them, and its exit codes."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """Exit codes of the process, as in sysexits.h; Docker restarts on all but 0."""

    STOPPED = 0
    REFUSED = 69
    """The network refuses the worker in every topic."""
    CRASHED = 70
    """A fault of the program, or an event loop that stood still."""
    WALLET_IN_USE = 75
    """Another process submits with the same wallet."""
    CANNOT_START = 78
    """A setting or a secret is missing or wrong."""


class CannotStartError(Exception):
    """The worker cannot start, and a restart alone does not help; the text has no secret."""

    def __init__(
        self, problem: str, remedy: str, *, exit_code: int = ExitCode.CANNOT_START
    ) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.exit_code = exit_code


class RefusedError(Exception):
    """The network refuses the worker in a topic until the operator intervenes."""


class SdkRefusedError(RefusedError):
    """The network does not support the SDK's version of its protocol."""


class ChainUnavailableError(Exception):
    """The chain's endpoint failed a call, or did not answer in time."""


class NotSignedError(Exception):
    """The wallet refuses to sign: the fee is above a limit, or the transaction is not its own."""


class FailureKind(StrEnum):
    """Why a window was lost."""

    MODEL = "model"
    """The model server gave no usable answer before the window's end."""
    CHAIN_UNAVAILABLE = "chain_unavailable"
    """The chain's endpoint could not be reached, or did not answer."""
    REJECTED = "rejected"
    """The chain rejected the transaction."""
    WINDOW_CLOSED = "window_closed"
    """The window ended before the transaction was on the chain."""
    FEE = "fee"
    """The wallet did not sign the transaction, because of its fee."""
    INTERNAL = "internal"
    """A fault of the program."""
    HELD = "held"
    """The value was off by orders of magnitude, and MODEL_GUARD held it back."""


class WindowLostError(Exception):
    """A window is lost; the text says why."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def one_line(error: BaseException) -> str:
    """Return an exception's text, or its type's name, as one line of at most 300 characters."""
    return shorten(str(error)) or type(error).__name__


def shorten(text: str, most: int = 300) -> str:
    """Return an untrusted text as one line of at most `most` printable characters."""
    line = " ".join(text[: most * 8].split())[:most]
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
