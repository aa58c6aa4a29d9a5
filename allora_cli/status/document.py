"""The JSON document of `allora status --json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allora_cli.aws.queries import Unknown
from allora_cli.host.status_report import Container, HostStatus, Topic, Worker
from allora_cli.status.collect import CostSoFar, Host, LastDay, Status, Windows
from allora_cli.status.diagnosis import Diagnosis, report_age
from allora_cli.status.screen import RUNBOOK, started_at


def document_of(status: Status, verdict: Diagnosis) -> dict[str, Any]:
    """Everything about a worker; names and types are a contract, new names may come.

    Times are ISO 8601 in UTC, lengths of time seconds, money USD, shares from 0 to 1. What is not
    known is null; `unknown` tells why AWS did not give a part.

    - `at`, `healthy`, `finding` (`earning`, `waiting`, `running`, or a heading of
      docs/operations.md), `sentence`, `remedy`, `runbook`
    - `worker_name`, `region`, `dashboard_url`
    - `host`: `instance_id`, `type`, `state`, `zone`, `address`, `launched_at`, `up_since`,
      `system`, `reboot_required`, `disk_used_percent`, `memory_used_percent`
    - `report`: `at`, `age_seconds`
    - `progress`: `at`, `text`: what the host has told last about its start
    - `containers`: `worker`, `model`: `state`, `health`, `started_at`, `restarts`, `image`; of the
      model `commit` too
    - `versions`: `sdk`, `network`, `role`
    - `wallet`: `address`, `balance_allo`
    - `fees`: `last_24_hours_allo`, `max_fee_allo`, `max_daily_fees_allo`, `refusal`
    - `model`: `state`, `reason`, `latency_ms`
    - `topics`: `topic_id`, `state`, `reason`, `last_submission` (`nonce`, `value`, `tx_hash`, `at`,
      `age_seconds`)
    - `last_24_hours`: `submissions`, `failures`, `success_rate`: windows of all topics
    - `hours`: `from`, `submissions`, `failures`
    - `alarms`: `name`, `state`, `since`, `remedy`
    - `cost`: `so_far_usd`, `monthly_usd`, `is_estimate`
    - `unknown`: by part, `trouble` and `message`
    """
    report = status.report if isinstance(status.report, HostStatus) else None
    worker = report.worker if report else None
    settings = status.context.settings
    return {
        "at": _time(status.at),
        "healthy": verdict.is_healthy,
        "finding": str(verdict.finding),
        "sentence": verdict.sentence,
        "remedy": verdict.remedy,
        "runbook": None if verdict.is_healthy else f"{RUNBOOK}#{verdict.finding}",
        "worker_name": settings.worker_name,
        "region": settings.aws_region,
        "dashboard_url": status.deployment.dashboard_url,
        "host": _host(status, report),
        "report": report and _report(status, report),
        "progress": _progress(status),
        "containers": {name: _container(name, report) for name in ("worker", "model")},
        "versions": worker
        and {"sdk": worker.version, "network": worker.network, "role": worker.role},
        "wallet": worker and {"address": worker.address, "balance_allo": worker.balance_allo},
        "fees": worker and worker.fees and worker.fees.model_dump(),
        "model": worker
        and {
            "state": worker.model.state,
            "reason": worker.model.reason,
            "latency_ms": worker.model.latency_ms,
        },
        "topics": _topics(status, worker),
        "last_24_hours": _windows(status.last_day.windows)
        if isinstance(status.last_day, LastDay)
        else None,
        "hours": _hours(status),
        "alarms": _alarms(status),
        "cost": _cost(status),
        "unknown": {
            part: {"trouble": str(answer.error.code), "message": str(answer.error)}
            for part, answer in status.unknown.items()
        },
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _host(status: Status, report: HostStatus | None) -> dict[str, Any]:
    host = status.host if isinstance(status.host, Host) else None
    return {
        "instance_id": status.deployment.instance_id,
        "type": host and host.type,
        "state": host and host.state,
        "zone": host and host.zone,
        "address": (host and host.address) or status.deployment.public_ip,
        "launched_at": _time(host.launched_at if host else None),
        "up_since": _time(started_at(status)),
        "system": report and report.system,
        "reboot_required": report and report.reboot_required,
        "disk_used_percent": report and report.disk_used,
        "memory_used_percent": report and report.memory_used,
    }


def _report(status: Status, report: HostStatus) -> dict[str, Any]:
    age = report_age(status)
    return {"at": _time(report.at), "age_seconds": age and round(max(age.total_seconds(), 0))}


def _progress(status: Status) -> dict[str, Any] | None:
    line = status.progress
    if line is None or isinstance(line, Unknown):
        return None
    return {"at": _time(line.at), "text": line.text}


def _container(name: str, report: HostStatus | None) -> dict[str, Any] | None:
    if report is None:
        return None
    container: Container = report.container(name)
    commit = {"commit": report.model_commit} if name == "model" else {}
    return {
        "state": container.state,
        "health": container.health,
        "started_at": _time(container.started_at),
        "restarts": container.restarts,
        "image": container.image,
    } | commit


def _topics(status: Status, worker: Worker | None) -> list[dict[str, Any]]:
    known = {topic.topic_id: topic for topic in worker.topics} if worker else {}
    ids = dict.fromkeys([*known, *status.context.settings.topic_ids])
    return [_topic(status, id_, known.get(id_)) for id_ in ids]


def _topic(status: Status, topic_id: int, topic: Topic | None) -> dict[str, Any]:
    last = topic.last_submission if topic else None
    return {
        "topic_id": topic_id,
        "state": topic and topic.state,
        "reason": topic and topic.reason,
        "last_submission": last
        and {
            "nonce": last.nonce,
            "value": last.number,
            "tx_hash": last.tx_hash,
            "at": _time(last.at),
            "age_seconds": round(max((status.at - last.at).total_seconds(), 0)),
        },
    }


def _windows(windows: Windows) -> dict[str, Any]:
    return {
        "submissions": windows.submissions,
        "failures": windows.failures,
        "success_rate": windows.success_rate,
    }


def _hours(status: Status) -> list[dict[str, Any]] | None:
    if not isinstance(status.last_day, LastDay):
        return None
    return [
        {"from": _time(at), "submissions": windows.submissions, "failures": windows.failures}
        for at, windows in status.last_day.hours.items()
    ]


def _alarms(status: Status) -> list[dict[str, Any]] | None:
    if isinstance(status.alarms, Unknown):
        return None
    return [
        {
            "name": f"{status.context.names.in_region}-{alarm.name}",
            "state": alarm.state,
            "since": _time(alarm.since),
            "remedy": alarm.remedy,
        }
        for alarm in status.alarms
    ]


def _cost(status: Status) -> dict[str, Any] | None:
    if not isinstance(status.cost, CostSoFar):
        return None
    return {
        "so_far_usd": _cents(status.cost.so_far),
        "monthly_usd": _cents(status.cost.monthly),
        "is_estimate": True,
    }


def _cents(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 2)
