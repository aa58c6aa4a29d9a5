"""Shows what somebody has written: it does nothing to a terminal, and gives no secret away."""

from settings.secret_rules import secret_kind

_MOST_CHARACTERS = 80


def printable(text: str) -> str:
    r"""One line of what can be printed; everything else as its escape, such as ``\x1b``.

    That is controls, line breaks, what turns the direction of writing, and bytes that are no UTF-8.
    """
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def shown(value: str) -> str:
    """A value in quotes, cut where it is long; where it looks like a secret, not the value."""
    if secret_kind(value):
        return "what looks like a secret"
    cut = "…" if len(value) > _MOST_CHARACTERS else ""
    return repr(value[:_MOST_CHARACTERS] + cut)
