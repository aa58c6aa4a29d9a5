"""`allora forge link`, against a server that answers as Forge's own client expects."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ecdsa import SECP256k1, VerifyingKey

from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.forge.linking import FORGE_URL, Session, check_url, start, submit, wait
from allora_cli.forge.proof import document_of
from allora_cli.wallet.mnemonic import key_of
from tests.http_server import Handler, handled_by

WORDS = "special sign fit simple patrol salute grocery chicken wheat radar tonight ceiling"
ADDRESS = "allo1jhg0e7s6gn44tfc5k37kr04sznyhedtctsc88d"
TEXT = "Link this wallet to Allora Forge.\nNonce: 7 <&>"


class Forge:
    """Answers each path in turn; the last answer again and again.

    Attributes:
        asked: bodies by path.
    """

    def __init__(self) -> None:
        self.url = ""
        self.started: dict[str, Any] = {}
        self.submitted: dict[str, Any] = {"ok": True}
        self.polls: list[Any] = [{"status": "pending"}, {"status": "approved", "linked": [ADDRESS]}]
        self.asked: dict[str, list[Any]] = {}

    def respond(self, path: str, body: Any) -> tuple[int, Any]:
        self.asked.setdefault(path, []).append(body)
        if path == "start":
            return 200, {
                "device_code": "device",
                "user_code": "ABCD-EFGH",
                "verification_uri_complete": f"{self.url}/link?code=ABCD-EFGH",
                "interval": 2,
                "expires_in": 900,
                "challenges": [{"address": ADDRESS, "message": TEXT}],
            } | self.started
        if path == "submit":
            return 200, self.submitted
        poll = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
        return poll if isinstance(poll, tuple) else (200, poll)


@pytest.fixture
def forge() -> Iterator[Forge]:
    forge = Forge()

    class Server(Handler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            step = self.path.removeprefix("/api/v1/wallet-link/device/")
            self.answer(*forge.respond(step, body))

    with handled_by(Server) as url:
        forge.url = url
        yield forge


def linked(forge: Forge) -> list[float]:
    """Link the wallet, and return the pauses."""
    pauses: list[float] = []
    session = start(forge.url, ADDRESS)
    submit(session, key_of(WORDS))
    wait(session, pauses.append)
    return pauses


def trouble(forge: Forge) -> OperatorError:
    with pytest.raises(OperatorError) as told:
        linked(forge)
    return told.value


def test_the_document_is_the_standard_s() -> None:
    assert document_of("cosmos1abc", "a") == (
        b'{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":'
        b'[{"type":"sign/MsgSignData","value":{"data":"YQ==","signer":"cosmos1abc"}}],'
        b'"sequence":"0"}'
    )


def test_the_wallet_is_linked_with_a_valid_signature(forge: Forge) -> None:
    assert linked(forge) == [2, 2]
    assert forge.asked["start"] == [{"addresses": [ADDRESS]}]
    (submitted,) = forge.asked["submit"]
    (proof,) = submitted["signatures"]
    assert (submitted["device_code"], proof["address"]) == ("device", ADDRESS)
    public = VerifyingKey.from_string(base64.b64decode(proof["pubkey"]), curve=SECP256k1)
    signature = base64.b64decode(proof["signature"])
    assert public.verify(signature, document_of(ADDRESS, TEXT), hashfunc=hashlib.sha256)
    assert forge.asked["poll"] == [{"device_code": "device"}] * 2


def test_the_words_do_not_leave(forge: Forge) -> None:
    linked(forge)
    assert not any(word in json.dumps(forge.asked) for word in ("patrol", "salute", "chicken"))


@pytest.mark.parametrize(
    "busy", [(503, {}), (429, {"error": "slow down"}), (408, {}), (200, [1])], ids=str
)
def test_a_server_that_is_busy_is_asked_again(forge: Forge, busy: Any) -> None:
    forge.polls.insert(0, busy)
    assert len(linked(forge)) == 3


@pytest.mark.parametrize(
    ("poll", "code", "told"),
    [
        ({"status": "denied"}, ErrorCode.DECLINED, "declined the link"),
        ({"status": "expired"}, ErrorCode.FORGE, "in time"),
        ({"status": "approved", "linked": None}, ErrorCode.FORGE, "has not linked"),
        ({"status": "approved", "linked": ["allo1other"]}, ErrorCode.FORGE, "has not linked"),
        ((404, {"message": "no such code"}), ErrorCode.FORGE, "status 404"),
    ],
)
def test_what_is_no_approval(forge: Forge, poll: Any, code: ErrorCode, told: str) -> None:
    forge.polls = [poll]
    error = trouble(forge)
    assert error.code is code
    assert told in str(error)
    assert (error.exit_code is ExitCode.TIMEOUT) == (told == "in time")


@pytest.mark.parametrize(
    ("submitted", "told"),
    [
        ({"rejected": [{"address": ADDRESS, "reason": "bad\x1b[31m nonce"}]}, "bad"),
        ({"rejected": ["no"]}, "no"),
        ({"error": "no \ud800"}, "no ?"),
        ({"error": "session is over"}, "session is over"),
    ],
)
def test_a_signature_that_is_refused(forge: Forge, submitted: Any, told: str) -> None:
    forge.submitted = submitted
    error = trouble(forge)
    assert told in str(error)
    assert "\x1b" not in str(error)
    assert "poll" not in forge.asked


@pytest.mark.parametrize(
    "started",
    [
        {"device_code": 7},
        {"user_code": ""},
        {"challenges": []},
        {"challenges": ["text"]},
        {"challenges": [{"address": "allo1other", "message": TEXT}]},
        {"challenges": [{"address": ADDRESS, "message": None}]},
        {"challenges": [{"address": ADDRESS, "message": "\ud800"}]},
        {"interval": []},
        {"verification_uri_complete": "https://forge.allora.network:port"},
        {"verification_uri_complete": "https://forge.example.com/link"},
        {"verification_uri_complete": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_what_is_signed_for_nobody_else(forge: Forge, started: dict[str, Any]) -> None:
    forge.started = started
    error = trouble(forge)
    assert error.code is ErrorCode.FORGE
    assert "Nothing was signed" in str(error)
    assert "submit" not in forge.asked


@pytest.mark.parametrize(("interval", "pause"), [(0, 1), (5, 5), (3600, 60)])
def test_pauses_have_limits(forge: Forge, interval: int, pause: int) -> None:
    forge.started = {"interval": interval, "expires_in": 10**9}
    session: Session = start(forge.url, ADDRESS)
    assert (session.pause, session.seconds) == (pause, 1800)


@pytest.mark.parametrize(
    "url",
    [
        "http://forge.allora.network",
        "https://forge.allora.network/api/v1",
        "forge.allora.network",
        "https://",
        "file:///tmp",
    ],
)
def test_urls_that_are_not_forge(url: str) -> None:
    with pytest.raises(OperatorError) as told:
        check_url(url)
    assert told.value.code is ErrorCode.FORGE


def test_urls_of_forge() -> None:
    assert check_url(f"{FORGE_URL}/") == FORGE_URL
    assert check_url("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
