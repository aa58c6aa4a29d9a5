"""Allora's example of a model, which settings of the AWS blueprint name, and what it needs.

https://github.com/allora-network/basic-coin-prediction-node
"""

from __future__ import annotations

EXAMPLE_REPO = "https://github.com/allora-network/basic-coin-prediction-node"

EXAMPLE_COMMAND = "python -u /app/app.py"
"""From its docker-compose.yml; the command in its Dockerfile names a module that is not there."""

SYMBOLS = {
    "bitcoin": "BTC",
    "ethereum": "ETH",
    "solana": "SOL",
    "binancecoin": "BNB",
    "arbitrum": "ARB",
}
"""By the coins' names, from `get_coingecko_coin_id` in its updater.py."""


def is_example(repo: str | None) -> bool:
    """Return whether a URL is the example's."""
    return repo is not None and repo.lower().rstrip("/").removesuffix(".git") == EXAMPLE_REPO
