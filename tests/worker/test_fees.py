"""No lie, no spike and no slow rise makes the wallet pay more than its limits."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from allora_worker import reports
from allora_worker.errors import NotSignedError
from allora_worker.fees import Fees
from allora_worker.guarded_wallet import GuardedWallet
from allora_worker.money import UALLO
from allora_worker.networks import network_of
from allora_worker.settings import FeeLimits, load_settings
from allora_worker.wallet import load_wallet
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import AuthInfo, SignDoc, TxBody
from google.protobuf import text_format

from devtools.fake_chain import FakeChain, Options
from tests.worker.log import Log
from tests.worker.model_server import ModelServer
from tests.worker.running import ADDRESS, Worker, end_windows
from tests.worker.test_metrics import rounds_since
from tests.worker.test_submissions import has_submitted, submissions, values
from tests.worker.waiting import until

Start = Callable[..., Awaitable[Worker]]

LIMITS = FeeLimits(a_transaction=100, a_day=1000)
DAY = 24 * 3600

PRICE = 250_000_000
"""Of a unit of gas on mainnet, in uallo."""
SUBMISSION = 121_500_000_000_000
"""90,000 gas and 20 % more, three times the price, and half as much again for the tier: uallo."""
REGISTRATION = 202_500_000_000_000
"""The same in the highest tier, two and a half times the price."""


# --- what is counted


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fees(tmp_path: Path, clock: Clock) -> Fees:
    return Fees(LIMITS, tmp_path, clock)


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    reports.set_up(log)
    yield log
    reports.set_up()


def test_a_fee_up_to_the_limit_is_signed_and_none_above(fees: Fees) -> None:
    fees.sign(1, 1, 100)
    with pytest.raises(NotSignedError, match="ALLORA_MAX_FEE allows 1e-16"):
        fees.sign(1, 2, 101)
    assert fees.last_day == 100


def test_a_day_s_fees_up_to_the_limit_are_signed_and_none_above(fees: Fees) -> None:
    for sequence in range(10):
        fees.sign(1, sequence, 100)
    with pytest.raises(NotSignedError, match="ALLORA_MAX_DAILY_FEES allows 1e-15"):
        fees.sign(1, 10, 1)
    fees.sign(1, 9, 100)  # again, because nothing tells of the first one: it costs nothing more
    assert fees.last_day == 1000


def test_of_transactions_with_one_sequence_the_highest_fee_counts_once(fees: Fees) -> None:
    for fee in (20, 50, 30):
        fees.sign(1, 7, fee)
    assert fees.last_day == 50
    fees.sign(2, 7, 30)  # of another account
    assert fees.last_day == 80


def test_a_fee_counts_for_a_day(fees: Fees, clock: Clock) -> None:
    fees.sign(1, 1, 60)
    clock.now += DAY / 2
    fees.sign(1, 2, 30)
    clock.now += DAY / 2 - 1
    assert fees.last_day == 90
    clock.now += 1
    assert fees.last_day == 30
    clock.now += DAY / 2
    assert fees.last_day == 0


@pytest.mark.parametrize("jump", [-10 * 365 * DAY, -DAY, 365 * DAY])
def test_a_clock_that_was_wrong_frees_nothing_and_blocks_nothing_for_long(
    fees: Fees, clock: Clock, jump: float
) -> None:
    right = clock.now
    clock.now += max(jump, 0)
    for sequence in range(300):
        fees.sign(1, sequence, 2)
    clock.now = min(right, right + jump)
    assert fees.last_day == 600
    clock.now = right
    fees.sign(1, 300, 1)
    clock.now = right + DAY + 3600
    assert fees.last_day == 0


def test_the_record_stays_small_and_its_sum_right(tmp_path: Path, clock: Clock) -> None:
    fees = Fees(FeeLimits(100, 10**6), tmp_path, clock)
    for sequence in range(2000):
        clock.now += 60
        fees.sign(1, sequence, 7)
    newest = 7 * DAY // 60
    assert newest <= fees.last_day <= newest + 7 * 60  # of the oldest hour all
    assert len((tmp_path / "fees.json").read_text()) < 8192


# --- what outlives the process


def test_the_record_outlives_the_process(tmp_path: Path, fees: Fees, clock: Clock) -> None:
    for sequence in range(250):
        fees.sign(1, sequence, 4)
    again = Fees(LIMITS, tmp_path, clock)
    assert again.last_day == 1000
    with pytest.raises(NotSignedError):
        again.sign(1, 250, 1)
    again.sign(1, 249, 4)
    clock.now += DAY + 3600
    assert Fees(LIMITS, tmp_path, clock).last_day == 0


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00" * 100,
        "[" * 100_000,
        '{"signed": []}',
        '{"signed": 1, "hours": {}}',
        '{"signed": [[1, 2, 3]], "hours": {}}',
        '{"signed": [[1, 2, -3, 4]], "hours": {}}',
        '{"signed": [[1, 2, "3", 4]], "hours": {}}',
        '{"signed": [[1, 2, NaN, 4]], "hours": {}}',
        '{"signed": [[1, 2, true, 4]], "hours": {}}',
        '{"signed": [], "hours": {"x": 1}}',
        '{"signed": [], "hours": {"1": null}}',
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_a_record_that_cannot_be_read_is_told_and_begun_anew(
    tmp_path: Path, log: Log, content: str | bytes
) -> None:
    file = tmp_path / "fees.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    fees = Fees(LIMITS, tmp_path)
    [warning] = log.events("fees_forgotten")
    assert str(file) in warning["message"]
    assert fees.last_day == 0
    fees.sign(1, 1, 50)
    assert Fees(LIMITS, tmp_path).last_day == 50
    assert len(log.events("fees_forgotten")) == 1


def test_without_a_directory_the_process_counts_alone_and_says_so_once(
    tmp_path: Path, log: Log
) -> None:
    fees = Fees(LIMITS, tmp_path / "missing")
    for sequence in range(10):
        fees.sign(1, sequence, 100)
    with pytest.raises(NotSignedError):
        fees.sign(1, 10, 100)
    [warning] = log.events("fees_not_kept")
    assert "missing/fees.json" in warning["message"]
    assert "writable" in warning["message"]


def test_a_write_that_was_cut_short_loses_nothing(tmp_path: Path, fees: Fees) -> None:
    fees.sign(1, 1, 50)
    (tmp_path / "fees.new").write_text('{"signed": [[1,')
    assert Fees(LIMITS, tmp_path).last_day == 50


# --- what is signed


class Signer:
    """Has no key, and counts what it signs."""

    def __init__(self, file: Path) -> None:
        self.signed = 0
        self.recorded = ""
        self._file = file

    def signer(self) -> Signer:
        return self

    def sign(self, *_: object) -> bytes:
        self.signed += 1
        self.recorded = self._file.read_text()
        return b"signature"

    def sign_digest(self, *_: object) -> bytes:
        return b"signature"


@pytest.fixture
def key(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "fees.json")


@pytest.fixture
def guarded(key: Signer, fees: Fees) -> GuardedWallet:
    return GuardedWallet(key, fees, "uallo")


MESSAGE = 'messages { type_url: "/emissions.v10.InsertWorkerPayloadRequest" value: "x" }'
SIGNER = "signer_infos { sequence: 5 }"
FEE = 'fee { amount { denom: "uallo" amount: "100" } gas_limit: 1 }'


def sign_doc(body: str = MESSAGE, auth: str = SIGNER + FEE) -> bytes:
    return SignDoc(
        body_bytes=text_format.Parse(body, TxBody()).SerializeToString(),
        auth_info_bytes=text_format.Parse(auth, AuthInfo()).SerializeToString(),
        chain_id="allora-mainnet-1",
        account_number=3,
    ).SerializeToString()


@pytest.mark.parametrize("kind", ["Register", "InsertWorkerPayload", "InsertReputerPayload"])
def test_what_the_worker_sends_is_signed_and_recorded_before(
    guarded: GuardedWallet, key: Signer, kind: str
) -> None:
    body = MESSAGE.replace("InsertWorkerPayload", kind)
    assert guarded.signer().sign(sign_doc(body)) == b"signature"
    assert json.loads(key.recorded)["signed"][0][:3] == [3, 5, 100]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "messages"),
        (b"\xff" * 50, "sends no such thing"),
        (b"not a transaction", "sends no such thing"),
        (sign_doc(body=""), "messages"),
        (sign_doc(body=MESSAGE * 2), "messages"),
        (sign_doc(body='messages { type_url: "/cosmos.bank.v1beta1.MsgSend" }'), "MsgSend"),
        (sign_doc(body='messages { type_url: "/emissions.v10.AddStakeRequest" }'), "AddStake"),
        (sign_doc(body=MESSAGE.replace("/emissions", "/xemissions")), "messages"),
        (sign_doc(auth=FEE), "0 signers"),
        (sign_doc(auth=SIGNER * 2 + FEE), "2 signers"),
        (sign_doc(auth=SIGNER + FEE + "tip { tipper: 'x' }"), "tip"),
        (sign_doc(auth=SIGNER + FEE.replace("uallo", "uatom")), "uatom"),
        (sign_doc(auth=SIGNER + FEE.replace("100", "-100")), "-100"),
        (sign_doc(auth=SIGNER + FEE.replace("100", "1e9")), "1e9"),
        (sign_doc(auth=SIGNER + FEE.replace("100", "٣")), "its fee is"),
        (sign_doc(auth=SIGNER + FEE.replace("100", "9" * 400)), "its fee is"),
        (sign_doc(auth=SIGNER + FEE.replace("gas_limit", "amount {} gas_limit")), "its fee is"),
        (sign_doc(auth=SIGNER + FEE.replace("100", "101")), "ALLORA_MAX_FEE"),
        (sign_doc(auth=SIGNER + FEE.replace("100", "9" * 60)), "ALLORA_MAX_FEE"),
    ],
)
def test_nothing_else_is_signed(
    guarded: GuardedWallet, key: Signer, fees: Fees, document: bytes, reason: str
) -> None:
    with pytest.raises(NotSignedError, match=reason):
        guarded.signer().sign(document)
    assert key.signed == 0
    assert fees.last_day == 0
    assert fees.refusal


def test_a_transaction_without_a_fee_is_signed(guarded: GuardedWallet, fees: Fees) -> None:
    guarded.signer().sign(sign_doc(auth=SIGNER + "fee { gas_limit: 1 }"))
    assert fees.last_day == 0


def test_it_is_the_wallet_that_it_guards(secrets: Path, fees: Fees) -> None:
    wallet = load_wallet(secrets)
    guarded = GuardedWallet(wallet, fees, "uallo")
    assert str(guarded.address()) == str(wallet.address()) == str(guarded) == ADDRESS
    document = sign_doc()
    assert wallet.public_key().verify(document, guarded.signer().sign(document))


# --- a worker, and an endpoint that lies


@pytest_asyncio.fixture
async def mainnet() -> AsyncIterator[FakeChain]:
    """A chain with mainnet's price, ten blocks a second, and windows of twenty seconds."""
    options = Options(chain_id="allora-mainnet-1", block_seconds=0.1, window_blocks=200)
    async with FakeChain(options, say=lambda _: None) as chain:
        await chain.behave(gas_price=PRICE)
        yield chain


MAINNET = {"ALLORA_NETWORK": "mainnet"}

LIES = pytest.mark.parametrize(
    ("lie", "fee"),
    [
        ({"gas_price": PRICE * 10**6}, 121.5),
        ({"gas_price": 900 * UALLO * PRICE // SUBMISSION}, 900),
        ({"simulated_gas": 2**63}, 2**63 * 1.2 * PRICE * 4.5 / UALLO),
    ],
    ids=["price x 10^6", "price fitted to the balance", "gas 2^63"],
)


def balance(chain: FakeChain) -> int:
    return chain.ledger.accounts[ADDRESS].balance


@LIES
@pytest.mark.asyncio
async def test_a_lie_costs_nothing_and_the_window_is_met_when_it_ends(
    mainnet: FakeChain, start: Start, lie: dict[str, Any], fee: float
) -> None:
    worker = await start(mainnet, **MAINNET)
    before = balance(mainnet)
    await mainnet.behave(**lie)
    nonce = mainnet.open_window(69)
    await until(lambda: len(worker.log.events("attempt_failed")) > 2)
    health = await worker.health()
    assert health["http_status"] == 503
    reason = health["topics"][0]["reason"]
    assert f"its fee would be {fee:g} ALLO, and ALLORA_MAX_FEE allows 0.01" in reason
    assert health["topics"][0]["state"] == "working"
    assert health["fees"] == {
        "last_24_hours_allo": REGISTRATION / UALLO,
        "max_fee_allo": 0.01,
        "max_daily_fees_allo": 1.0,
        "refusal": reason,
    }
    [event] = worker.log.events("fee_refused")
    assert event["message"] == reason
    await until(lambda: worker.log.metrics("FeeRefused"))
    assert balance(mainnet) == before
    assert mainnet.state()["rejected"] == []

    await mainnet.behave(gas_price=PRICE, simulated_gas=90_000)
    await until(lambda: values(mainnet) == [(69, nonce, "100.5")])
    assert balance(mainnet) == before - SUBMISSION
    await until(lambda: worker.topic().is_fine)
    health = await worker.health()
    assert health["http_status"] == 200
    assert health["fees"]["refusal"] is None
    await until(lambda: rounds_since(worker, "FeeRefused") > 1)
    assert worker.log.events("refused") == []


@LIES
@pytest.mark.asyncio
async def test_a_window_that_is_lost_to_a_lie_is_told_and_the_next_one_met(
    mainnet: FakeChain, start: Start, lie: dict[str, Any], fee: float
) -> None:
    worker = await start(mainnet, **MAINNET)
    before = balance(mainnet)
    await mainnet.behave(**lie)
    mainnet.open_window(69)
    await until(lambda: worker.log.events("attempt_failed"))
    end_windows(mainnet)
    await until(lambda: worker.topic().failures)
    assert worker.topic().failures == {"fee": 1}
    [lost] = worker.log.events("window_lost")
    assert f"{fee:g} ALLO" in lost["message"]
    assert worker.topic().state == "failing"
    assert balance(mainnet) == before
    await mainnet.behave(gas_price=PRICE, simulated_gas=90_000)
    nonce = mainnet.open_window(69)
    await until(lambda: values(mainnet) == [(69, nonce, "100.5")])
    assert balance(mainnet) == before - SUBMISSION


@pytest.mark.parametrize(
    "lie", [{"gas_price": 10**400}, {"simulated_gas": 2**64 - 1}, {"gas_price": 10**60}], ids=str
)
@pytest.mark.asyncio
async def test_what_is_no_price_at_all_costs_nothing_either(
    mainnet: FakeChain, start: Start, lie: dict[str, Any]
) -> None:
    worker = await start(mainnet, **MAINNET)
    before = balance(mainnet)
    await mainnet.behave(**lie)
    nonce = mainnet.open_window(69)
    await until(lambda: len(worker.log.events("attempt_failed")) > 2)
    assert balance(mainnet) == before
    assert worker.service.status.fees.last_day == REGISTRATION
    await mainnet.behave(gas_price=PRICE, simulated_gas=90_000)
    await until(lambda: values(mainnet) == [(69, nonce, "100.5")])
    assert balance(mainnet) == before - SUBMISSION
    assert worker.log.events("internal_error") == []


@LIES
@pytest.mark.asyncio
async def test_no_registration_is_paid_too_much_for(
    mainnet: FakeChain, start: Start, lie: dict[str, Any], fee: float
) -> None:
    before = balance(mainnet)
    await mainnet.behave(**lie)
    worker = await start(mainnet, ready=False, **MAINNET)
    told = f"its fee would be {fee * 2.5 / 1.5:g} ALLO"
    await until(lambda: told in (worker.topic().reason or ""))
    assert worker.topic().state == "starting"
    assert (await worker.health())["http_status"] == 503
    # It goes on to try, and is not refused, which would end the process.
    asked = calls(mainnet, "Simulate")
    await until(lambda: calls(mainnet, "Simulate") > asked + 2)
    assert worker.service.status.refusal is None
    assert balance(mainnet) == before
    await mainnet.behave(gas_price=PRICE, simulated_gas=90_000)
    await worker.ready()
    assert balance(mainnet) == before - REGISTRATION
    assert worker.topic().is_fine


def calls(chain: FakeChain, name: str) -> int:
    counts: Any = chain.state()["calls"]
    return int(counts.get(name, 0))


@pytest.mark.parametrize("role", ["forecaster", "reputer"])
@pytest.mark.asyncio
async def test_the_limit_is_that_of_every_role(
    mainnet: FakeChain, model: ModelServer, start: Start, role: str
) -> None:
    worker = await start(mainnet, ALLORA_WORKER_ROLE=role, **MAINNET)
    model.answers("110" if role == "reputer" else json.dumps({ADDRESS: "0.25"}))
    before = balance(mainnet)
    await mainnet.behave(gas_price=PRICE * 10**6)
    mainnet.open_window(69)
    if role == "reputer":
        end_windows(mainnet)
        mainnet.open_window(69, role="reputer")
    await until(lambda: worker.log.events("fee_refused"))
    assert balance(mainnet) == before
    await mainnet.behave(gas_price=PRICE)
    await until(lambda: submissions(mainnet))
    assert balance(mainnet) == before - SUBMISSION


@pytest.mark.parametrize(
    ("a_day", "named"), [("0.012", "ALLORA_MAX_DAILY_FEES"), ("1", "ALLORA_MAX_FEE")]
)
@pytest.mark.asyncio
async def test_a_slow_rise_ends_at_the_limit_of_a_fee_or_of_a_day(
    mainnet: FakeChain, start: Start, a_day: str, named: str
) -> None:
    before = balance(mainnet)
    worker = await start(mainnet, ALLORA_MAX_DAILY_FEES=a_day, **MAINNET)
    fees = worker.service.status.fees
    for windows in itertools.count(1):
        await mainnet.behave(gas_price=PRICE * 3**windows)
        mainnet.open_window(69)
        await until(lambda n=windows: has_submitted(worker, n) or fees.refusal)
        mainnet.close_windows(69)
        if fees.refusal:
            break
    assert 2 < windows < 6
    assert named in fees.refusal
    paid = before - balance(mainnet)
    assert paid == fees.last_day <= float(a_day) * UALLO
    assert paid == REGISTRATION + sum(SUBMISSION * 3**n for n in range(1, windows))


@pytest.mark.asyncio
async def test_a_day_s_fees_are_not_forgotten_by_a_restart(
    mainnet: FakeChain, start: Start, tmp_path: Path
) -> None:
    limit = {"ALLORA_MAX_FEE": "0.0003", "ALLORA_MAX_DAILY_FEES": "0.0004", **MAINNET}
    before = balance(mainnet)
    first = await start(mainnet, **limit)
    mainnet.open_window(69)
    await until(lambda: has_submitted(first, 1))
    mainnet.close_windows(69)
    await first.stop()
    assert before - balance(mainnet) == REGISTRATION + SUBMISSION
    for _ in range(2):
        again = await start(mainnet, **limit)
        mainnet.open_window(69)
        await until(
            lambda w=again: "ALLORA_MAX_DAILY_FEES" in (w.service.status.fees.refusal or "")
        )
        mainnet.close_windows(69)
        await again.stop()
    assert before - balance(mainnet) == REGISTRATION + SUBMISSION
    # It is the file that remembers.
    other = await start(mainnet, STATE_DIR=str(tmp_path / "secrets"), **limit)
    mainnet.open_window(69)
    await until(lambda: has_submitted(other, 1))


@pytest.mark.asyncio
async def test_invented_sequences_do_not_get_around_the_day_s_limit(
    mainnet: FakeChain, start: Start
) -> None:
    limits = {"ALLORA_MAX_FEE": "0.001", "ALLORA_MAX_DAILY_FEES": "0.001"}
    worker = await start(mainnet, **limits, **MAINNET)
    before = balance(mainnet)
    fees = worker.service.status.fees
    nonce = mainnet.open_window(69)
    for sequence in (2**64 - 1, 2**63, *range(1000, 1020)):
        await mainnet.behave(sequence=sequence)
        known = fees.last_day
        await until(lambda k=known: fees.last_day > k or fees.refusal)
        if fees.refusal or values(mainnet):
            break
    assert "ALLORA_MAX_DAILY_FEES" in (fees.refusal or "")
    assert fees.last_day <= 0.001 * UALLO
    assert balance(mainnet) == before
    assert (69, nonce, "100.5") not in values(mainnet)
    end_windows(mainnet)  # in which the worker would try on before it stops
    await until(lambda: not worker.topic().open_windows)


@pytest.mark.asyncio
async def test_after_an_invented_sequence_the_window_is_met(
    mainnet: FakeChain, start: Start
) -> None:
    worker = await start(mainnet, **MAINNET)
    before = balance(mainnet)
    await mainnet.behave(sequence=2**64 - 1)
    nonce = mainnet.open_window(69)
    await until(lambda: worker.log.events("attempt_failed"))
    await mainnet.behave(sequence=None)
    await until(lambda: values(mainnet) == [(69, nonce, "100.5")])
    paid = before - balance(mainnet)
    assert paid == SUBMISSION
    assert worker.service.status.fees.last_day >= REGISTRATION + paid


@pytest.mark.asyncio
async def test_what_is_sent_again_and_again_counts_once(mainnet: FakeChain, start: Start) -> None:
    worker = await start(mainnet, **MAINNET)
    await mainnet.behave(checktx=[13, "sdk", "insufficient fees: insufficient fee"])
    nonce = mainnet.open_window(69)
    await until(lambda: len(worker.log.events("attempt_failed")) > 2)
    await mainnet.behave(checktx=None)
    await until(lambda: values(mainnet) == [(69, nonce, "100.5")])
    # The SDK's third try offers 1.6 times the gas.
    assert worker.service.status.fees.last_day == REGISTRATION + SUBMISSION * 16 // 10


@pytest.mark.asyncio
async def test_refusals_are_told_once_a_minute(mainnet: FakeChain, start: Start) -> None:
    worker = await start(mainnet, **MAINNET)
    await mainnet.behave(gas_price=PRICE * 10**6)
    mainnet.open_window(69)
    await until(lambda: len(worker.log.events("attempt_failed")) > 5)
    assert len(worker.log.events("fee_refused")) == 1


@pytest.mark.parametrize("network", ["testnet", "mainnet"])
def test_the_price_of_gas_is_asked_for_by_each_attempt(network: str) -> None:
    environ = {
        "ALLORA_NETWORK": network,
        "ALLORA_WORKER_TOPIC_ID": "69",
        "ALLORA_WORKER_TOKEN": "BTC",
    }
    assert network_of(load_settings(environ)).sdk.gas_price_cache_ttl_secs == 0
