"""No value of a setting is an expression of Terraform's."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from settings.text_rules import VERBATIM
from tests.synthesized import Stack
from tests.unpacked import unpack

SEQUENCES = (
    "$HOME ${path.cwd} %{ if true }c4n4ry%{ endif } $${c4n4ry} ${{TOKEN}} ${TfToken[TOKEN.1]} "
    "#{TfToken[TOKEN.1]} &{TfToken[TOKEN.1]}"
)
VALUES = {
    "MODEL_COMMAND": f"echo '{SEQUENCES}'",
    "MODEL_ENV_VARS": f"C4N4RY='{SEQUENCES}'",
    "ALLORA_WORKER_INFERENCE_ENDPOINT": "http://model:8000/c4n4ry/${Token}",
    "ALLORA_WORKER_FORECAST_ENDPOINT": "http://model:8000/c4n4ry/$${Token}",
    "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT": "http://model:8000/c4n4ry/%{Token}",
}


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, keys as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)


def test_what_may_hold_any_text_reaches_the_host_and_not_terraform(
    synth: Callable[..., dict[str, Stack]], tmp_path: Path
) -> None:
    assert VALUES.keys() == VERBATIM
    stacks = synth(**VALUES)
    for stack in stacks.values():
        assert not [text for text in texts(stack.json) if "c4n4ry" in text.lower()]

    encoded = stacks["allora-single-node"].one("aws_instance")["user_data_base64"]
    unpack(encoded, tmp_path / "host")
    compose = json.loads((tmp_path / "host/etc/allora/compose.settings.json").read_text("utf-8"))
    model, worker = compose["services"]["model"], compose["services"]["worker"]
    arrived = {
        "MODEL_COMMAND": shlex.join(model["command"]),
        "MODEL_ENV_VARS": f"C4N4RY='{model['environment']['C4N4RY']}'",
        **{name: worker["environment"][name] for name in VALUES if name.startswith("ALLORA_")},
    }
    assert {name: value.replace("$$", "$") for name, value in arrived.items()} == VALUES
