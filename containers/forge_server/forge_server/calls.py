"""Call a model's function in the form that it has."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from .failures import Kind, ModelError, of_exception
from .pickles import missing_package

_CONTEXT_NAMES = frozenset({"ctx", "context", "run_context"})


@dataclass(frozen=True)
class Question:
    """What the worker asks for.

    Attributes:
        topic_id: The topic.
        nonce: The block height of the topic's window; 0 if the request has none.
        token: From the request's path.
    """

    topic_id: int
    nonce: int
    token: str


@dataclass(frozen=True)
class Context:
    """What the SDK passes to a function with a `ctx`, without its client of the chain.

    https://github.com/allora-network/allora-sdk-py (worker/context.py)
    """

    topic_id: int
    nonce: int
    token: str

    @property
    def client(self) -> NoReturn:
        """Refuse: a model server has no client."""
        raise ModelError(Kind.FAILED, "The function uses ctx.client, which a model server has not.")


def call(function: Callable[..., Any], question: Question) -> Any:  # noqa: ANN401 - the model's
    """Return what the function answers: it takes a nonce, a context or nothing.

    Raises:
        ModelError: It raises an exception.
    """
    arguments = _arguments(function, question)
    try:
        answer = function(*arguments)
        return asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer
    except ModelError:
        raise
    except ModuleNotFoundError as error:
        raise missing_package(error) from None
    except NameError as error:
        # What dill leaves out, unless it is told `recurse=True`.
        raise ModelError(
            Kind.FAILED, f"{error.name or error} is not in the pickle: save it with cloudpickle."
        ) from error
    except MemoryError:
        raise ModelError(Kind.FAILED, "The prediction needs more memory than there is.") from None
    except Exception as error:
        raise ModelError(Kind.FAILED, f"The prediction raised {of_exception(error)}") from error


async def _awaited(answer: Any) -> Any:  # noqa: ANN401
    return await answer


def _arguments(function: Callable[..., Any], question: Question) -> tuple[object, ...]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C
        return (question.nonce,)
    positional = [
        each
        for each in parameters
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    if not positional:
        return ()
    first = positional[0]
    if first.name in _CONTEXT_NAMES or "RunContext" in str(first.annotation):
        return (Context(question.topic_id, question.nonce, question.token),)
    return (question.nonce,)
