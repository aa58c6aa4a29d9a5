"""References to container images."""

import re
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

from settings.errors import fault, warn

_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
"""https://pkg.go.dev/github.com/distribution/reference#pkg-overview"""


def _image(text: str) -> str:
    if len(text) > 255 or not _IMAGE.fullmatch(text):  # noqa: PLR2004 - the grammar's own limit
        raise fault(
            "is not a reference to a container image.",
            "name:tag or name@sha256:…, in lower case, as in ghcr.io/you/model:1.4.0",
        )
    return text


Image = Annotated[str, BeforeValidator(_image)]


def warn_of_moving_image(reference: str, info: ValidationInfo) -> None:
    """Warn of a reference without a digest and without a fixed tag."""
    tag = reference.rpartition("/")[2].partition(":")[2]
    if "@" not in reference and tag in ("", "latest"):
        warn(
            info,
            f"{reference} can be another image at the next start.",
            "add a version or a digest, as in :1.4.0 or @sha256:…",
        )
