"""Text in which every character can be seen."""

import re

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Characters that Python calls printable and that show nothing
(https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point)."""


def printable(text: str) -> str:
    r"""Return one line, with characters that cannot be seen as escapes such as ``\x1b``."""
    return "".join(
        character
        if character.isprintable() and not _INVISIBLE.match(character)
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )
