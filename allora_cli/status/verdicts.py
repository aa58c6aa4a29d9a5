"""Tell what the network's verdict on a topic means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from allora_cli.host.status_report import Topic, Verdict, Worker
from containers.worker.allora_worker.contract import Role
from containers.worker.allora_worker.event_names import Earning

_WORST_FIRST: Final = (
    Earning.NOT_WHITELISTED,
    Earning.TOPIC_INACTIVE,
    Earning.NOT_ADMITTED,
    Earning.NOT_IN_ACTIVE_SET,
    Earning.NO_REWARD,
    Earning.UNKNOWN,
    Earning.EARNING,
)
_EARNS_NOTHING: Final = frozenset(Earning) - {Earning.UNKNOWN, Earning.EARNING}

_BETTER_MODEL: Final = (
    "A better model raises the score; a topic with fewer workers needs less of one: "
    "ALLORA_WORKER_TOPIC_ID. How it develops: allora status --plot{option}"
)
_BETTER_REPUTER: Final = (
    "A reputer is paid by its stake, and by how near its losses are to the other reputers': add "
    "stake, or check what the model answers (allora logs model{option}). How the score develops: "
    "allora status --plot{option}"
)
_REMEDIES: Final = {
    Earning.NOT_WHITELISTED: (
        "Ask the topic's creator to admit the wallet (allora wallet address{option}), or serve "
        "another topic: ALLORA_WORKER_TOPIC_ID, then allora deploy"
    ),
    Earning.TOPIC_INACTIVE: (
        "Serve an active topic: ALLORA_WORKER_TOPIC_ID, then allora deploy. The worker goes on by "
        "itself if this one becomes active again"
    ),
    Earning.NOT_ADMITTED: (
        "Once may be chance. If the next nonce is not admitted either, look whether submissions "
        "come late in their window: allora logs worker --since 1h{option}"
    ),
    Earning.NOT_IN_ACTIVE_SET: _BETTER_MODEL,
    Earning.NO_REWARD: _BETTER_MODEL,
}

_HOPELESS: Final = 6.0
"""Powers of ten, beyond which it does not matter how much worse a loss is."""

_OF_A_VALUE: Final = 6
"""Digits of a value, by which one sees its unit and how near it is to another."""

_MOST_DIGITS: Final = 17
"""Enough to tell any two floating-point numbers apart."""

_PLAIN: Final = range(-6, 9)
"""Powers of ten in which a number is written without an exponent."""


def worst_first(topics: Iterable[Topic]) -> list[Topic]:
    """Return topics with the worst verdict first, otherwise in their order."""
    return sorted(topics, key=lambda topic: _WORST_FIRST.index(state_of(topic)))


def topics_of(worker: Worker | None, topic_ids: Iterable[int]) -> dict[int, Topic | None]:
    """Return topics by id: the report's, worst first, and the settings' own (None)."""
    reported = {topic.topic_id: topic for topic in worst_first(worker.topics if worker else [])}
    return {id_: reported.get(id_) for id_ in [*reported, *topic_ids]}


def state_of(topic: Topic) -> Earning:
    """Return the verdict's state, which is unknown without a verdict."""
    return topic.earning.state if topic.earning else Earning.UNKNOWN


def earns_nothing(topic: Topic) -> bool:
    """Return whether the network's verdict is that nothing is earned."""
    return state_of(topic) in _EARNS_NOTHING


def earns(topic: Topic) -> bool:
    """Return whether the network's verdict is that the topic earns."""
    return state_of(topic) is Earning.EARNING


def why_unknown(topics: Iterable[Topic]) -> str | None:
    """Return why the network's verdict on topics is unknown; None without any verdict."""
    given = [topic.earning for topic in topics if topic.earning]
    if not given:
        return None
    reasons = (verdict.reason.rstrip(".") for verdict in given if verdict.reason)
    return next(reasons, "the network has not judged it yet")


def remedy(state: Earning, role: str | None, option: str = "") -> str:
    """Return what to do about a verdict that nothing is earned.

    Args:
        state: The verdict.
        role: The worker's.
        option: `Context.option`.
    """
    found = _REMEDIES[state]
    if role == Role.REPUTER and found is _BETTER_MODEL:
        found = _BETTER_REPUTER
    return found.format(option=option)


def fault(verdict: Verdict) -> str:
    """Return why nothing is earned, as the end of "Not earning: "."""
    nonce = "" if verdict.nonce is None else f" for nonce {verdict.nonce}"
    match verdict.state:
        case Earning.NOT_WHITELISTED:
            return "the wallet is not on the topic's whitelist, so nothing can be submitted"
        case Earning.TOPIC_INACTIVE:
            return "the topic is inactive: it opens no windows and pays nothing"
        case Earning.NOT_ADMITTED:
            return f"accepted by the chain, but not among the submissions that count{nonce}"
        case Earning.NOT_IN_ACTIVE_SET:
            return f"accepted, but not in the active set{_below_threshold(verdict)}"
        case Earning.NO_REWARD:
            facts = ", ".join(_facts_of_score(verdict))
            return f"accepted and scored, but not rewarded{nonce}{f' ({facts})' if facts else ''}"
    raise AssertionError(verdict.state)


def income(topics: Sequence[Topic]) -> str:
    """Return what topics earn, as the end of "Earning "."""
    verdicts = [topic.earning for topic in topics if topic.earning]
    daily = [each.rewards_allo_a_day for each in verdicts if each.rewards_allo_a_day is not None]
    if len(verdicts) > 1:
        amount = f"{figure(sum(daily, Decimal()))} ALLO a day" if daily else "rewards"
        return f"{amount} in {len(verdicts)} topics"
    (verdict,) = verdicts
    return ", ".join([_amount(verdict), *_rank(verdict), *_loss(verdict)])


def facts(verdict: Verdict) -> str:
    """Return a verdict and its figures in one line."""
    losses = [*_loss(verdict), *_naive(verdict)]
    return ", ".join([summary(verdict), *_facts_of_score(verdict), *losses])


def comparison(verdict: Verdict) -> str | None:
    """Return the worker's value and the network's for one nonce; None if one is not known."""
    try:
        own, network = Decimal(verdict.value or ""), Decimal(verdict.network_value or "")
    except InvalidOperation:
        return None
    if verdict.closed_nonce is None or not (own.is_finite() and network.is_finite()):
        return None
    theirs = figure(network, _OF_A_VALUE)
    ours = f"own value {figure(own, _OF_A_VALUE)} for nonce {verdict.closed_nonce}"
    return f"{ours}, the network's {theirs}"


def summary(verdict: Verdict) -> str:
    """Return a verdict in a few words."""
    match verdict.state:
        case Earning.EARNING:
            return f"earning {_amount(verdict)}"
        case Earning.UNKNOWN:
            return "not judged yet"
    return verdict.state.replace("_", " ")


def figure(value: Decimal | float, digits: int = 3) -> str:
    """Return a number with so many significant digits, as people write it."""
    short = f"{float(value):.{digits}g}"
    number = Decimal(short)
    return f"{number:,f}" if number.adjusted() in _PLAIN else short


def _amount(verdict: Verdict) -> str:
    if verdict.rewards_allo_a_day is not None:
        return f"{figure(verdict.rewards_allo_a_day)} ALLO a day"
    if verdict.reward_allo is not None:
        return f"{figure(verdict.reward_allo)} ALLO in the last epoch"
    if verdict.reward_fraction is not None:
        return f"{figure(100 * verdict.reward_fraction)} % of the topic's rewards"
    return "a share of the topic's rewards"


def _facts_of_score(verdict: Verdict) -> Iterator[str]:
    yield from _rank(verdict)
    if verdict.score is not None:
        yield f"score {figure(verdict.score)}"


def _rank(verdict: Verdict) -> Iterator[str]:
    if verdict.rank is not None:
        of = "" if verdict.ranked is None else f" of {verdict.ranked}"
        yield f"rank {verdict.rank}{of}"


def _loss(verdict: Verdict) -> Iterator[str]:
    """Yield the loss in relation to the network's."""
    if verdict.loss is not None and verdict.network_loss is not None:
        yield f"loss {_ratio(verdict.loss, verdict.network_loss)} × the network's"


def _naive(verdict: Verdict) -> Iterator[str]:
    """Yield the loss in relation to the naive one, after that to the network's."""
    if verdict.loss is None or verdict.network_loss is None or verdict.naive_loss is None:
        return
    yield f"{_ratio(verdict.loss, verdict.naive_loss)} × the naive one"


def _ratio(loss: Decimal, other: Decimal) -> str:
    """Return the quotient of two losses, whose logarithms are given."""
    return figure(10 ** min(float(loss - other), _HOPELESS), digits=2)


def _below_threshold(verdict: Verdict) -> str:
    score, threshold = verdict.score, verdict.threshold
    if score is None or threshold is None or score > threshold:
        return ""
    if score == threshold:
        return f" (score {figure(score)}, no more than the lowest in it)"
    pairs = ((figure(score, n), figure(threshold, n)) for n in range(2, _MOST_DIGITS + 1))
    pair = next((pair for pair in pairs if pair[0] != pair[1]), (str(score), str(threshold)))
    return f" ({pair[0]} < {pair[1]})"
