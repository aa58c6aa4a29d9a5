"""The comments of a new settings file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from allora_cli.init.sizes import shown_price
from allora_cli.init.topics import Topic

_MEANINGS: Final = {
    "AWS_ACCOUNT_ID": "The AWS account and region. Credentials of any other account are refused.",
    "AWS_PROFILE": "The profile of ~/.aws/config with the credentials.",
    "ALLORA_NETWORK": "testnet or mainnet.",
    "MODEL_REPO": "The model is built on the host from this repository.",
    "MODEL_IMAGE": "The model's image.",
    "ALLORA_WORKER_TOKEN": "What the model is asked about: GET /inference/<token>.",
    "ALARM_EMAIL": "The recipient of alarms; AWS first sends a message with a link to confirm.",
}
_OWN_MODEL: Final = """\
The model is the project's own (docs/model.md). For yours, a git repository with a Dockerfile or an
image; for a predict.pkl of the Forge kit see samples/forge.env:
MODEL_REPO=https://github.com/you/your-model
MODEL_REF=v1.0.0
MODEL_IMAGE=ghcr.io/you/your-model:1.0.0"""


def comments_on(
    topics: Iterable[Topic], usd_a_month: float | None, *, own_model: bool
) -> Mapping[str, str]:
    """Return comments by the variable below them; "" stands for the file's end."""
    price = f" The whole worker: {shown_price(usd_a_month)}." if usd_a_month is not None else ""
    return {
        **_MEANINGS,
        "ALLORA_WORKER_TOPIC_ID": "\n".join(
            f"Topic {topic.id}: {topic.name or 'unknown'}." for topic in topics
        ),
        "AWS_INSTANCE_TYPE": f"The EC2 instance.{price}",
        **({"": _OWN_MODEL} if own_model else {}),
    }
