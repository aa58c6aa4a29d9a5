"""Load a pickle of the Forge kit. Unpickling runs its code: only the child process does this."""

from __future__ import annotations

import hashlib
import importlib
import io
import pickle
import sys
from collections.abc import Callable
from typing import Any

from .bytecode import other_python
from .failures import Kind, ModelError, of_exception
from .settings import Settings

THIS_PYTHON = "{}.{}".format(*sys.version_info)


def load(settings: Settings) -> Callable[..., Any]:
    """Return the function in the model's file.

    Raises:
        ModelError: The file is another one, or does not fit the packages and this Python.
    """
    name = settings.model.name
    if settings.python != THIS_PYTHON:
        raise _unusable(
            f"The image has Python {THIS_PYTHON}, and MODEL_PYTHON is {settings.python}."
        )
    try:
        content = settings.model.read_bytes()
    except OSError as error:
        raise _unusable(f"{name} cannot be read: {error.strerror}.") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != settings.sha256:
        raise _unusable(
            f"{name} has the SHA-256 {digest[:12]}…, not {settings.sha256[:12]}…: it is not loaded."
        )
    function = _unpickle(name, content)
    if not callable(function):
        raise _unusable(
            f"{name} holds an object of the type {type(function).__name__}, no function."
        )
    other = other_python(function)
    if other is not None:
        raise _another_python(name, other)
    found: Callable[..., Any] = function
    return found


def _unpickle(name: str, content: bytes) -> Any:  # noqa: ANN401 - whatever was saved
    try:
        return _loader_of(content)(io.BytesIO(content))
    except ModuleNotFoundError as error:
        raise missing_package(error) from None
    except pickle.UnpicklingError as error:
        raise _unusable(f"{name} is no pickle: {error}.") from None
    except EOFError:
        raise _unusable(f"{name} is no complete pickle.") from None
    except TypeError as error:
        if b"CodeType" in content and _is_of_the_unpickler(error):
            raise _another_python(name) from error
        raise _unusable(f"{name} cannot be loaded: {of_exception(error)}") from error
    except Exception as error:
        raise _unusable(f"{name} cannot be loaded: {of_exception(error)}") from error


def _is_of_the_unpickler(error: TypeError) -> bool:
    """Return whether no Python code was called: `types.CodeType` refuses its arguments."""
    frame = error.__traceback__
    return frame is not None and frame.tb_next is None


def _loader_of(content: bytes) -> Callable[[io.BytesIO], Any]:
    """Return dill's loader for dill's files; cloudpickle's are common pickles."""
    if b"dill._dill" in content:
        loader: Callable[[io.BytesIO], Any] = importlib.import_module("dill").load
        return loader
    return pickle.load


def missing_package(error: ModuleNotFoundError) -> ModelError:
    """Return the failure of an import, which names the package."""
    package = (error.name or str(error)).partition(".")[0]
    return _unusable(
        f"The model needs the package {package}: add its version to MODEL_REQUIREMENTS."
    )


def _another_python(name: str, other: str = "") -> ModelError:
    if other:
        return _unusable(
            f"{name} was saved by Python {other}, not {THIS_PYTHON}: MODEL_PYTHON={other}."
        )
    return _unusable(
        f"{name} was saved by another Python than {THIS_PYTHON}: set MODEL_PYTHON to it."
    )


def _unusable(sentence: str) -> ModelError:
    return ModelError(Kind.UNUSABLE, sentence)
