"""Show a value that a user wrote, without secrets."""

from settings.secret_rules import secret_kind

_MOST_CHARACTERS = 80


def shown(value: str) -> str:
    """Return a value quoted and shortened, or a placeholder for a secret."""
    if secret_kind(value):
        return "what looks like a secret"
    cut = "…" if len(value) > _MOST_CHARACTERS else ""
    return repr(value[:_MOST_CHARACTERS] + cut)
