"""What can go wrong, sorted by what the worker does about it."""

from __future__ import annotations

from enum import StrEnum


class ExitCode:
    """Exit codes of the process, those of sysexits.h.

    None but `STOPPED` is 0, so that whatever restarts containers restarts this one.
    """

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
    """The worker cannot work with what it was given; a restart alone changes nothing.

    Args:
        problem: What is wrong, never with a secret in it.
        remedy: What to do about it.
        exit_code: With which the process ends.
    """

    def __init__(
        self, problem: str, remedy: str, *, exit_code: int = ExitCode.CANNOT_START
    ) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.exit_code = exit_code


class RefusedError(Exception):
    """The network refuses the worker in a topic until somebody does something about it."""


class SdkRefusedError(RefusedError):
    """The network does not speak the SDK's version of its protocol."""


class ChainUnavailableError(Exception):
    """The chain's endpoint failed a call, or did not answer it in time."""


class NotSignedError(Exception):
    """The wallet does not sign a transaction: its fee is above a limit, or it is none of ours."""


class FailureKind(StrEnum):
    """Why a window was lost."""

    MODEL = "model"
    """The model server gave no usable answer before the window's end."""
    CHAIN_UNAVAILABLE = "chain_unavailable"
    """The chain's endpoint could not be reached, or did not answer."""
    REJECTED = "rejected"
    """The chain rejected the transaction."""
    WINDOW_CLOSED = "window_closed"
    """The window was over before the transaction was on the chain."""
    FEE = "fee"
    """The wallet did not sign the transaction, because of its fee."""
    INTERNAL = "internal"
    """A fault of the program."""


class WindowLostError(Exception):
    """A window is lost.

    Args:
        kind: Why, for the metric.
        reason: Why, for people.
    """

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def one_line(error: BaseException) -> str:
    """An exception as one line of text, at most 300 characters; its type when it has no text."""
    return shorten(str(error)) or type(error).__name__


def shorten(text: str, most: int = 300) -> str:
    """A text of strangers as one line of printable characters.

    Args:
        text: Of any length.
        most: How many characters are left at most.
    """
    line = " ".join(text[: most * 8].split())[:most]
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
