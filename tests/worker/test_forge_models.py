"""The worker submits what a model of the Forge kit predicts, and nothing when that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from forge_server.process import Model
from forge_server.server import Server
from forge_server.settings import read_settings

from devtools.fake_chain import FakeChain
from tests.forge_server.saving import save_model, variables
from tests.http_server import serving
from tests.worker.running import Worker, end_windows
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve a program's `predict`, and return the endpoint as the host's settings have it."""
    with ExitStack() as stops:

        def make(source: str, predict_seconds: float = 60.0, **changes: str) -> str:
            container = {**variables(save_model(tmp_path, source)), **changes}
            for name, value in container.items():
                monkeypatch.setenv(name, value)
            settings = replace(read_settings(container), predict_seconds=predict_seconds)
            model = Model(settings)
            stops.callback(model.stop)
            url = stops.enter_context(serving(Server(settings, model)))
            return url + "/inference/{Token}?topic_id={TopicId}&block_height={BlockHeight}"

        yield make


def submissions(chain: FakeChain) -> list[dict[str, Any]]:
    state: Any = chain.state()["submissions"]
    return list(state)


async def test_a_prediction_is_submitted(chain: FakeChain, start: Start, serve: Serve) -> None:
    endpoint = serve("def predict(nonce: int):\n return nonce + 0.25")
    await start(chain, ALLORA_WORKER_INFERENCE_ENDPOINT=endpoint)
    nonce = chain.open_window(69)
    [submission] = await until(lambda: submissions(chain))
    assert submission["values"] == [{"label": "y", "value": f"{nonce}.25"}]


async def test_labels_are_submitted(chain: FakeChain, start: Start, serve: Serve) -> None:
    await chain.behave(topics={69: {"labels": ["down", "flat", "up"], "loss_method": "focal"}})
    endpoint = serve("def predict(nonce):\n return {'up': 0.5, 'down': 0.25, 'flat': 0.25}")
    await start(chain, ALLORA_WORKER_INFERENCE_ENDPOINT=endpoint)
    chain.open_window(69)
    [submission] = await until(lambda: submissions(chain))
    found = {each["label"]: each["value"] for each in submission["values"]}
    assert found == {"up": "0.5", "down": "0.25", "flat": "0.25"}


@pytest.mark.parametrize(
    ("source", "changes", "reason"),
    [
        ("import time\ndef predict(nonce):\n time.sleep(60)", {"predict_seconds": 0.5},
         "status 504: The model did not answer within 0.5 s and was stopped."),
        ("def predict(nonce):\n return float('nan')", {},
         "status 500: The prediction is NaN, no finite number."),
        ("import os\ndef predict(nonce):\n os.kill(os.getpid(), 9)", {},
         "The model's process was killed: it probably needs more memory than the host has."),
        ("def predict(nonce):\n import absent", {},
         "status 500: The model needs the package absent: add its version to MODEL_REQUIREMENTS."),
        ("predict = float", {"FORGE_SHA256": "0" * 64}, ": it is not loaded."),
    ],
    ids=["hangs", "NaN", "killed", "package", "digest"],
)  # fmt: skip
async def test_a_failure_is_one_sentence_and_no_submission(
    chain: FakeChain,
    start: Start,
    serve: Serve,
    source: str,
    changes: dict[str, Any],
    reason: str,
) -> None:
    endpoint = serve(source, **changes)
    worker = await start(chain, ALLORA_WORKER_INFERENCE_ENDPOINT=endpoint)
    chain.open_window(69)
    await until(lambda: _reason(worker).endswith(reason))
    end_windows(chain)
    assert submissions(chain) == []


def _reason(worker: Worker) -> str:
    return worker.service.status.model.reason or ""
