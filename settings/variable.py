"""Declare settings, with their documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


class Section(BaseModel):
    """Settings under one heading of docs/configuration.md.

    A validator of two settings belongs to the later one (see `Settings` for the order), and passes
    when the earlier one is not in `info.data`, because its problem is reported already.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def variable(
    name: str,
    meaning: str,
    *,
    example: str,
    default: Any = ...,  # noqa: ANN401 - of the field's own type
    default_factory: Callable[[dict[str, Any]], Any] | None = None,
    default_text: str | None = None,
    check_default: bool = False,
) -> Any:  # noqa: ANN401 - of the field's own type
    """Declare a variable; without a default it is required.

    Args:
        name: Of the variable.
        meaning: Meaning and limits, in one or two sentences.
        example: A valid value, as in the file.
        default: Of the field's type.
        default_factory: Makes the default from the earlier fields.
        default_text: The default in the documentation, if `default` does not say it.
        check_default: Whether validators see the default too.
    """
    given = {"default_factory": default_factory} if default_factory else {"default": default}
    return Field(
        alias=name,
        description=meaning,
        examples=[example],
        json_schema_extra={"default_text": default_text},
        validate_default=check_default,
        **given,
    )


def example_of(field: FieldInfo) -> str:
    """Return the example of a declared variable."""
    return str((field.examples or [""])[0])


def default_text_of(field: FieldInfo) -> str:
    """Return the default of a declared variable, as the documentation writes it."""
    extra = field.json_schema_extra
    text = extra.get("default_text") if isinstance(extra, dict) else None
    return str(text or f"`{field.default}`")
