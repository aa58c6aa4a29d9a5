"""What keeps the stacks from being written as HCL."""

from __future__ import annotations


class EjectError(Exception):
    """The stacks cannot be written; the message is one sentence, with a remedy."""


class CannotWriteError(EjectError):
    """Something in a stack has no form in HCL here: better no HCL than one without it.

    Args:
        place: Of what cannot be written, as in `aws_instance.host`.
        names: What it is.
    """

    def __init__(self, place: str, *names: str) -> None:
        super().__init__(
            f"{place}: no way is known to write {', '.join(sorted(names))} as HCL, so nothing is "
            "written. The exit without HCL works: docs/leaving-cdktf.md#plain-terraform"
        )
