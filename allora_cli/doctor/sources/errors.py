"""Why a source is of no use; each message is the end of a sentence that begins with its name."""

from __future__ import annotations


class SourceError(Exception):
    """There is no usable answer: nothing is known about the source."""


class MissingError(SourceError):
    """It does not exist."""


class NotPublicError(SourceError):
    """It needs a login, or does not exist: most servers do not tell a stranger which."""
