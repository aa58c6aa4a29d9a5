"""What a worker's own report says: of the network's verdict, its topics and its model.

Remedies name commands; `option` is what they take to act on this worker (`Context.option`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from allora_cli.host.status_report import Topic, Worker
from allora_cli.status import verdicts
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.terminal.text import duration
from containers.worker.allora_worker.event_names import Earning, TopicState
from shared.alarm_limits import FOREIGN_A_DAY, FOREIGN_SECONDS

_WAIT_FOR_IT: Final = (
    "The network judges a nonce once its true value is known, in some topics a day later: "
    "allora status --watch"
)

_NOT_EARNING: Final = {
    Earning.NOT_WHITELISTED: Condition.NOT_WHITELISTED,
    Earning.TOPIC_INACTIVE: Condition.TOPIC_INACTIVE,
    Earning.NOT_ADMITTED: Condition.NOT_ADMITTED,
    Earning.NOT_IN_ACTIVE_SET: Condition.NOT_IN_ACTIVE_SET,
    Earning.NO_REWARD: Condition.NO_REWARD,
}


def refusal_of(worker: Worker, option: str = "") -> Diagnosis | None:
    """Return the diagnosis if the network refuses the worker in a topic, and no other works."""
    if worker.is_healthy or not (topics := _in_state(worker, TopicState.REFUSED)):
        return None
    if all(verdicts.state_of(topic) is Earning.NOT_WHITELISTED for topic in topics):
        return not_earning(worker, option)
    return Diagnosis(
        Condition.REFUSED,
        f"the network refuses the worker: {_reasons(topics)}.",
        "The worker goes on by itself once that is put right",
    )


def fault_of(worker: Worker, option: str = "") -> Diagnosis | None:
    """Return what the worker says is wrong; None if nothing is."""
    if worker.is_healthy:
        return None
    if worker.model.fails:
        return Diagnosis(
            Condition.MODEL_FAILING,
            f"the model server fails: {_stop(worker.model.reason)}.",
            f"Why: allora logs model{option}",
        )
    if topics := _in_state(worker, TopicState.CHAIN_UNAVAILABLE):
        return Diagnosis(
            Condition.CHAIN_UNAVAILABLE,
            f"the chain does not answer: {_reasons(topics)}.",
            "The worker tries again by itself. If it lasts, ALLORA_GRPC_URL can name another "
            "endpoint",
        )
    if worker.fees and worker.fees.refusal:
        return Diagnosis(
            Condition.FEE_REFUSED,
            f"{_stop(worker.fees.refusal)}.",
            "If that is what gas costs now, raise the limit and type: allora deploy; "
            "if not, ALLORA_GRPC_URL can name another endpoint",
        )
    if topics := [topic for topic in worker.topics if topic.reason]:
        return Diagnosis(
            Condition.WINDOWS_LOST,
            f"the last submission window was lost: {_reasons(topics)}.",
            f"The worker tries the next one. More: allora logs worker{option}",
        )
    return Diagnosis(
        Condition.REGISTERING,
        f"the worker is starting: {_stop(worker.reason)}.",
        f"Wait a minute. More: allora logs worker -f{option}",
    )


def sharing(worker: Worker, at: datetime, option: str = "") -> Diagnosis | None:
    """Return the diagnosis if somebody else sends with the wallet, at present."""
    foreign = worker.foreign_transactions
    if not foreign or not foreign.last_at or foreign.last_24_hours < FOREIGN_A_DAY:
        return None
    age = at - foreign.last_at
    if age >= timedelta(seconds=FOREIGN_SECONDS):
        return None
    return Diagnosis(
        Condition.WALLET_SHARED,
        f"somebody else has sent with its wallet {foreign.last_24_hours} times in 24 hours, the "
        f"last time {duration(age)} ago.",
        "If it was not you, a second process or a stranger has the wallet: allora doctor, then "
        f"allora logs worker --since 1h{option}",
    )


def not_earning(worker: Worker, option: str = "") -> Diagnosis | None:
    """Return the diagnosis if the network's verdict is that a topic earns nothing."""
    topics = worker.topics
    at_fault = [topic for topic in verdicts.worst_first(topics) if verdicts.earns_nothing(topic)]
    if not at_fault:
        return None
    worst = at_fault[0]
    assert worst.earning is not None  # noqa: S101 - it is at fault
    sentence = f"{verdicts.fault(worst.earning)}."
    if len(topics) > 1:
        sentence = (
            f"topic {worst.topic_id}: {sentence} {len(at_fault)} of {len(topics)} topics "
            f"earn{'s' * (len(at_fault) == 1)} nothing."
        )
    state = worst.earning.state
    sentence += _off_by_magnitudes(topics)
    return Diagnosis(_NOT_EARNING[state], sentence, verdicts.remedy(state, worker.role, option))


def health_of(worker: Worker, at: datetime) -> Diagnosis:
    """Return the diagnosis of a worker without a fault, at present."""
    others = [topic for topic in worker.topics if topic.reason]
    but = f" But {_reasons(others)}." if others else ""
    but += _off_by_magnitudes(worker.topics)
    if earning := [each for each in worker.topics if verdicts.earns(each)]:
        return Diagnosis(Condition.EARNING, f"{verdicts.income(earning)}.{but}")
    last = _last_submission(worker, at)
    if not last:
        return Diagnosis(
            Condition.WAITING,
            "the worker is registered, and waits for its first submission window since its "
            f"start.{but}",
        )
    if why := verdicts.why_unknown(worker.topics):
        return Diagnosis(Condition.SUBMITTING, f"{last}; {why}.{but}", _WAIT_FOR_IT)
    return Diagnosis(
        Condition.SUBMITTING,
        f"{last}; this host's release does not tell whether it earns.{but}",
        "Put this release on the host: allora deploy",
    )


def _last_submission(worker: Worker, now: datetime) -> str | None:
    submitted = [
        (topic.last_submission.at, topic.topic_id)
        for topic in worker.topics
        if topic.last_submission
    ]
    if not submitted:
        return None
    at, topic_id = max(submitted)
    return f"the last submission, in topic {topic_id}, was {duration(now - at)} ago"


def _in_state(worker: Worker, state: TopicState) -> list[Topic]:
    return [topic for topic in worker.topics if topic.state == state]


def _reasons(topics: list[Topic]) -> str:
    """Return each reason once, with its topics."""
    by_reason: dict[str, list[str]] = {}
    for topic in topics:
        by_reason.setdefault(_stop(topic.reason), []).append(str(topic.topic_id))
    return "; ".join(f"topic {', '.join(ids)}: {reason}" for reason, ids in by_reason.items())


def _off_by_magnitudes(topics: list[Topic]) -> str:
    """Return a sentence about values that the worker has warned of, with a blank before it."""
    found = [
        f"topic {each.topic_id}: {each.value_problem}" for each in topics if each.value_problem
    ]
    if not found:
        return ""
    return f" The model's value is off by orders of magnitude: {'; '.join(found)}."


def _stop(reason: str | None) -> str:
    return (reason or "it does not say why").rstrip(".")
