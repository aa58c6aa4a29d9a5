"""Show user input: without control characters, without secrets."""

from settings.secret_rules import secret_kind

_MOST_CHARACTERS = 80


def printable(text: str) -> str:
    r"""Return one printable line; other characters become escapes such as ``\x1b``.

    That is controls, line breaks, what turns the direction of writing, and bytes that are no UTF-8.
    """
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def shown(value: str) -> str:
    """Return a value in quotes, shortened; not the value if it looks like a secret."""
    if secret_kind(value):
        return "what looks like a secret"
    cut = "…" if len(value) > _MOST_CHARACTERS else ""
    return repr(value[:_MOST_CHARACTERS] + cut)
