"""Check of the chain's gRPC endpoints in ALLORA_GRPC_URL."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.endpoints.probe import EndpointError, NewestBlock, newest_block
from allora_cli.doctor.findings import Finding, fail, nothing, ok, unknown, warning
from containers.worker.allora_worker.urls import host_of
from shared.networks import NETWORKS

_MAX_BLOCKS_BEHIND: Final = 20  # two minutes, the worker's limit


def check_endpoints(context: CheckContext) -> Finding:
    """Check that each endpoint of the settings works, in the network and with its newest blocks."""
    settings = context.settings
    if not settings.grpc_urls:
        return nothing("the network's own")
    try:
        answers = _ask(settings.grpc_urls)
    except OSError as error:
        return unknown(f"node does not run: {error.strerror}")
    chain_id = NETWORKS[settings.allora_network].chain_id
    heights = [each.height for each in answers.values() if isinstance(each, NewestBlock)]
    newest = max(heights, default=0)
    facts = {
        "endpoints": [
            {"url": host, "height": getattr(each, "height", None)} for host, each in answers.items()
        ]
    }
    foreign, problems = [], []
    for host, answer in answers.items():
        if isinstance(answer, EndpointError):
            problems.append(f"{host}: {answer}")
        elif answer.chain_id != chain_id:
            foreign.append(f"{host} belongs to {answer.chain_id}, not to {chain_id}")
        elif newest - answer.height > _MAX_BLOCKS_BEHIND:
            problems.append(f"{host} is {newest - answer.height} blocks behind")
    if foreign:
        return fail("; ".join(foreign), "correct ALLORA_GRPC_URL, or ALLORA_NETWORK", **facts)
    if problems:
        return warning("; ".join(problems), "correct ALLORA_GRPC_URL if that lasts", **facts)
    return ok(f"{len(answers)} work, at block {newest:,}", **facts)


def _ask(urls: Sequence[str]) -> dict[str, NewestBlock | EndpointError]:
    """Return each endpoint's answer, by scheme, host and port."""
    with ThreadPoolExecutor(len(urls)) as pool:
        return dict(zip(map(host_of, urls), pool.map(_answer, urls), strict=True))


def _answer(url: str) -> NewestBlock | EndpointError:
    try:
        return newest_block(url)
    except EndpointError as error:
        return error
