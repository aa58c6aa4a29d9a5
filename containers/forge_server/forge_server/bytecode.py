"""Tell which Python has compiled a function: another one's code crashes, or computes nonsense.

Pickles of functions hold bytecode, without a version.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import CodeType

# The opcode of RESUME, with which each function begins since 3.11
# (https://github.com/python/cpython/blob/3.13/Include/opcode_ids.h).
_RESUME = {151: ("3.11", "3.12"), 149: ("3.13",)}
_BEFORE_RESUME = 6  # COPY_FREE_VARS, MAKE_CELL, RETURN_GENERATOR, POP_TOP
_THIS = "{}.{}".format(*sys.version_info)
_ENDS = ("RETURN", "RAISE", "RERAISE", "JUMP_BACKWARD", "JUMP_FORWARD", "INTERPRETER_EXIT")


def other_python(function: object) -> str | None:
    """Return the version that has compiled a function, if it is another one than this.

    Returns:
        None for this version, "" for another one that cannot be told.
    """
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or _THIS not in _versions():
        return None
    for each in _with_nested(code):
        versions = _compiled_by(each)
        if _THIS not in versions:
            return versions[0] if len(versions) == 1 else ""
        if len(versions) > 1 and not _is_well_formed(each):
            return next(version for version in versions if version != _THIS)
    return None


def _versions() -> set[str]:
    return {version for versions in _RESUME.values() for version in versions}


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_nested(constant)


def _compiled_by(code: CodeType) -> tuple[str, ...]:
    """Return the versions whose RESUME comes first; its argument is 0 in a function's beginning."""
    for at in range(0, min(len(code.co_code), 2 * _BEFORE_RESUME), 2):
        opcode, argument = code.co_code[at : at + 2]
        if opcode in _RESUME and argument == 0:
            return _RESUME[opcode]
    return ()


def _is_well_formed(code: CodeType) -> bool:
    """Return whether this Python reads the code without a gap: 3.11 and 3.12 differ in caches."""
    try:
        names = [each.opname for each in dis.get_instructions(code)]
    except (IndexError, ValueError, KeyError):
        return False
    return "CACHE" not in names and names[-1].startswith(_ENDS)
