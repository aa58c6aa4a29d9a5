"""What doctor makes of an inference that no worker here can have sent."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from allora_cli.doctor import one_wallet
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Verdict
from settings import load_settings

ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
LATEST = "/cosmos/base/tendermint/v1beta1/blocks/latest"
INFERENCE = f"/emissions/v10/topics/69/workers/{ADDRESS}/latest_input_inference"


class Node(http.server.BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        body = json.dumps(self.answers.get(self.path, {"message": "not found"})).encode()
        self.send_response(200 if self.path in self.answers else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def node() -> Iterator[str]:
    Node.answers = {LATEST: {"block": {"header": {"height": "10000"}}}}
    with http.server.HTTPServer(("127.0.0.1", 0), Node) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def context(node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckContext:
    env = tmp_path / "env"
    env.write_text(
        "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
        f"ALLORA_WORKER_TOPIC_ID=13,69\nALLORA_API_URL={node}\n"
    )
    monkeypatch.setenv("ALLORA_ENV_FILE", str(env))
    monkeypatch.setattr(one_wallet, "_other_workers", lambda _: ([], []))
    return CheckContext(known_settings=load_settings(), address=ADDRESS, deployed=False)


def inference(height: int) -> dict[str, Any]:
    return {"latest_input_inference": {"block_height": str(height)}}


def test_a_wallet_that_has_never_submitted(context: CheckContext) -> None:
    assert one_wallet.check_one_wallet(context).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("height", "verdict"), [(9280, Verdict.WARNING), (9279, Verdict.OK), (10001, Verdict.OK)]
)
def test_an_inference_of_the_last_hour(
    context: CheckContext, height: int, verdict: Verdict
) -> None:
    Node.answers[INFERENCE] = inference(height)
    finding = one_wallet.check_one_wallet(context)
    assert finding.verdict is verdict
    if verdict is Verdict.WARNING:
        assert "in topic 69 720 blocks ago" in finding.detail


def test_a_worker_that_is_deployed_has_sent_its_own(context: CheckContext) -> None:
    Node.answers[INFERENCE] = inference(9999)
    context.deployed = True
    assert one_wallet.check_one_wallet(context).verdict is Verdict.OK


@pytest.mark.parametrize("answer", [{}, {"latest_input_inference": {}}, {"block": 7}])
def test_an_answer_that_makes_no_sense_is_no_hint(context: CheckContext, answer: Any) -> None:
    Node.answers |= {INFERENCE: answer, LATEST: answer}
    assert one_wallet.check_one_wallet(context).verdict is Verdict.OK
