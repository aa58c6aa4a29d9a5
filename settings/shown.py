"""Show user input without control characters and secrets."""

from settings.secret_rules import secret_kind

_MOST_CHARACTERS = 80


def printable(text: str) -> str:
    r"""Return one line, with unprintable characters as escapes such as ``\x1b``."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def shown(value: str) -> str:
    """Return a value quoted and shortened, or a placeholder for a secret."""
    if secret_kind(value):
        return "what looks like a secret"
    cut = "…" if len(value) > _MOST_CHARACTERS else ""
    return repr(value[:_MOST_CHARACTERS] + cut)
