"""Split the command of a container into words, and refuse what only a shell could run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import PurePosixPath

from settings.errors import fault
from shared.visible_text import printable

_SHELLS = frozenset({"sh", "ash", "bash", "dash", "zsh"})
_BUILTINS = frozenset({".", "cd", "eval", "exec", "export", "set", "source", "ulimit", "umask"})
"""What a shell runs itself: no programs of these names exist
(https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_15)."""

_QUOTED = re.compile(r'\\.|\'[^\']*\'|"(?:\\.|[^"\\])*"', re.DOTALL)
_OPERATOR = re.compile(r"&&|\|\||<<|>>|[;&|<>`()]")
_EXPANSION = re.compile(r"\$[({A-Za-z_0-9@*#?!]|`")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)

_A_SHELL = "give it to a shell: MODEL_COMMAND='sh -c \"cd /app && exec python app.py\"'"
_WORDS = "write words, as in python -u /app/app.py"


def command_words(command: str) -> tuple[str, ...]:
    """Return a command's words, by the quoting rules of a POSIX shell.

    Raises:
        PydanticCustomError: It is no single program with its arguments.
    """
    if _is_json(command):
        raise fault("is a JSON array.", _WORDS)
    try:
        words = tuple(shlex.split(_QUOTED.sub(_without_escaped_dollar, command)))
    except ValueError:
        raise fault(
            "has a quote that is not closed, or ends with a backslash.", "close the quote"
        ) from None
    if not words or not words[0] or "\0" in command:
        raise fault("names no program.", _WORDS)
    if words[0] != printable(words[0]):
        raise fault("begins with a program whose name has a character that is not seen.", _WORDS)
    _refuse_syntax_of_a_shell(command, words)
    return words


def _refuse_syntax_of_a_shell(command: str, words: tuple[str, ...]) -> None:
    if operator := _OPERATOR.search(_QUOTED.sub("", command)):
        raise fault(f"has {operator[0]} outside of quotes, which only a shell obeys.", _A_SHELL)
    has_shell = any(PurePosixPath(word).name in _SHELLS for word in words)
    rest = _QUOTED.sub("" if has_shell else _expanded_part, command)
    if expansion := _EXPANSION.search(rest):
        raise fault(f"has {expansion[0]}…, which only a shell replaces by a value.", _A_SHELL)
    if words[0] in _BUILTINS:
        raise fault(f"begins with {words[0]}, which only a shell knows.", _A_SHELL)
    if _ASSIGNMENT.fullmatch(words[0]):
        raise fault(
            "begins with a variable's value, which only a shell sets.",
            "set the variable in MODEL_ENV_VARS",
        )


def _expanded_part(quoted: re.Match[str]) -> str:
    """Return the part of a quoted text in which a shell replaces variables."""
    return re.sub(r"\\.", "", quoted[0]) if quoted[0].startswith('"') else ""


def _without_escaped_dollar(quoted: re.Match[str]) -> str:
    r"""Return a text with ``\$`` in double quotes as ``$``, which `shlex` leaves as it is."""
    if not quoted[0].startswith('"'):
        return quoted[0]
    return re.sub(
        r"\\(.)",
        lambda escape: escape[1] if escape[1] in "$`" else escape[0],
        quoted[0],
        flags=re.DOTALL,
    )


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
