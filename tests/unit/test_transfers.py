"""What `allora wallet send` accepts, and what it would do to the wallet."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from allora_cli.__main__ import _report
from allora_cli.chain import ChainError
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.amounts import Fees, exact_allo, read_amount
from allora_cli.wallet.mnemonic import address_of, key_of
from allora_cli.wallet.node import Node as RealNode
from allora_cli.wallet.node import Verdict
from allora_cli.wallet.quote import quote
from allora_cli.wallet.recipient import check_memo, check_options, check_recipient, read_recipient
from allora_cli.wallet.sending import Outcome, Patience, State, _in_block, send
from allora_cli.wallet.transaction import Account, SignedTransaction, Transfer, public_key_of
from shared.networks import NETWORKS, SUBMISSION_FEE
from shared.wallet_library import wallet_library
from tests.http_server import Handler, handled_by

WORDS = "special sign fit simple patrol salute grocery chicken wheat radar tonight ceiling"
OWN = "allo1jhg0e7s6gn44tfc5k37kr04sznyhedtctsc88d"
OTHER = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
ALLO = 10**18
MAINNET_PRICE = 250_000_000


def test_key_is_that_of_the_address() -> None:
    encoder = wallet_library().AtomAddrEncoder
    assert encoder.EncodeKey(public_key_of(key_of(WORDS)), hrp="allo") == address_of(WORDS)


class TestAmount:
    @pytest.mark.parametrize(
        ("text", "uallo"),
        [
            ("1", ALLO),
            ("12.5", 12 * ALLO + ALLO // 2),
            ("0.000000000000000001", 1),
            ("999999999.999999999999999999", 10**27 - 1),
        ],
    )
    def test_is_exact(self, text: str, uallo: int) -> None:
        assert read_amount(text) == uallo
        assert exact_allo(uallo) == text

    @pytest.mark.parametrize(
        "text", ["", "0", "0.0", "-1", "1,5", "1e3", "1 ALLO", "١", "0.0000000000000000001", "nan"]
    )
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(OperatorError) as refused:
            read_amount(text)
        assert refused.value.code is ErrorCode.AMOUNT

    @pytest.mark.parametrize(
        ("uallo", "text"), [(0, "0"), (10 * ALLO, "10"), (1500, "0.0000000000000015")]
    )
    def test_is_shown_without_needless_digits(self, uallo: int, text: str) -> None:
        assert exact_allo(uallo) == text


class TestRecipient:
    @pytest.mark.parametrize(
        ("address", "told"),
        [
            ("", "begin with allo1"),
            ("cosmos1jhg0e7s6gn44tfc5k37kr04sznyhedtc9rzys5", "begin with allo1"),
            ("allovaloper1jhg0e7s6gn44tfc5k37kr04sznyhedtc", "begin with allo1"),
            ("0x52908400098527886E0F7030069857D2E4169EE7", "begin with allo1"),
            ("allo1", "checksum"),
            (OTHER[:-1], "checksum"),
            (OTHER.replace("19rl", "19lr"), "checksum"),
            (OTHER.upper(), "begin with allo1"),
            (OTHER + " ", "checksum"),
            (wallet_library().Bech32Encoder.Encode("allo", b"\1" * 19), "checksum"),
        ],
    )
    def test_what_is_no_address_is_refused(self, address: str, told: str) -> None:
        with pytest.raises(OperatorError, match=told) as refused:
            check_recipient(address)
        assert refused.value.code is ErrorCode.RECIPIENT

    @pytest.mark.parametrize("length", [20, 32])
    def test_addresses_of_keys_and_of_modules(self, length: int) -> None:
        check_recipient(wallet_library().Bech32Encoder.Encode("allo", b"\1" * length))

    def test_given_twice_nobody_is_asked(self) -> None:
        assert read_recipient(OTHER, OTHER, own=OWN) == OTHER

    @pytest.mark.parametrize(("to", "confirm"), [(OTHER, OWN), (None, OTHER), (OTHER, "")])
    def test_options_that_differ(self, to: str | None, confirm: str | None) -> None:
        with pytest.raises(OperatorError, match="different"):
            check_options(to, confirm)

    def test_own_address(self) -> None:
        with pytest.raises(OperatorError, match="own address"):
            read_recipient(OWN, OWN, own=OWN)

    @pytest.mark.parametrize("confirm", [None, OWN])
    def test_once_is_too_little_without_a_terminal(self, confirm: str | None) -> None:
        with pytest.raises(OperatorError):
            read_recipient(OTHER, confirm, own=OWN)

    def test_memo_has_a_limit_in_bytes(self) -> None:
        check_memo("ü" * 128)
        with pytest.raises(OperatorError, match="longer than 256 bytes"):
            check_memo("ü" * 129)


@dataclass(frozen=True)
class Settings:
    topic_ids: tuple[int, ...] = (69,)
    max_fee: Decimal = Decimal("0.01")
    max_daily_fees: Decimal = Decimal(1)


@dataclass(frozen=True)
class Node:
    funds: int = 10 * ALLO
    price: Decimal = Decimal(MAINNET_PRICE)

    def gas_price(self) -> Decimal:
        return self.price

    def balance(self, _: str) -> int:
        return self.funds


def offer(amount: int | None, node: Node | None = None, settings: Settings | None = None) -> Any:
    of: Any = quote  # typed for the real ones
    return of(node or Node(), settings or Settings(), OWN, amount)


class TestQuote:
    def test_fees_are_the_worker_s(self) -> None:
        """At the lowest price of mainnet, from which the documents' figure comes."""
        fees = Fees(Decimal(MAINNET_PRICE))
        assert exact_allo(fees.transfer) == "0.00028125"
        assert round(Decimal(fees.submission) / ALLO, 4) == SUBMISSION_FEE

    def test_amount_fee_and_rest_are_the_balance(self) -> None:
        made = offer(3 * ALLO)
        assert made.amount + made.fee + made.left == 10 * ALLO
        assert made.transfer(OWN, OTHER, "").fee == made.fee

    def test_everything_leaves_nothing(self) -> None:
        made = offer(None)
        assert (made.amount, made.left) == (10 * ALLO - made.fee, 0)

    def test_the_fees_of_a_day_stay(self) -> None:
        a_day = offer(1).a_day
        most = 10 * ALLO - offer(1).fee - a_day
        assert offer(most).left == a_day
        with pytest.raises(
            OperatorError, match=f"at most {exact_allo(most)}, or everything: --all"
        ):
            offer(most + 1)

    def test_a_day_has_windows_of_each_topic_up_to_the_limit(self) -> None:
        one = offer(1).a_day
        assert one == 288 * Fees(Decimal(MAINNET_PRICE)).submission
        assert offer(1, settings=Settings(topic_ids=(1, 2))).a_day == 2 * one
        assert offer(1, settings=Settings(max_daily_fees=Decimal("0.01"))).a_day == ALLO // 100

    @pytest.mark.parametrize(("funds", "amount"), [(0, None), (1000, None), (ALLO, 2 * ALLO)])
    def test_too_little(self, funds: int, amount: int | None) -> None:
        with pytest.raises(OperatorError, match="too little") as refused:
            offer(amount, Node(funds))
        assert refused.value.code is ErrorCode.AMOUNT

    def test_no_fee_above_the_limit(self) -> None:
        dear = Node(price=Decimal(MAINNET_PRICE * 40))
        with pytest.raises(OperatorError, match="above ALLORA_MAX_FEE"):
            offer(1, dear)


class TestAnswersThatNoChainGives:
    """A server between may have an interest in what is signed, or in nobody's getting an answer."""

    @staticmethod
    def refused(body: bytes, ask: Callable[[RealNode], object]) -> None:
        class Server(Handler):
            def do_GET(self) -> None:
                self.send(200, body, {})

        with handled_by(Server) as url, pytest.raises(ChainError, match="does not answer"):
            ask(RealNode(url, "testnet"))

    @pytest.mark.parametrize("height", [b'"-7"', b"1e999", b"Infinity", b"NaN", b"null", b'"9e9"'])
    def test_heights(self, height: bytes) -> None:
        body = b'{"block":{"header":{"height":%s}}}' % height
        self.refused(body, lambda node: node.height())

    @pytest.mark.parametrize("number", [b'"-1"', b"1e999", b"[]"])
    def test_accounts(self, number: bytes) -> None:
        for info in (b'"account_number":"1","sequence":%s', b'"account_number":%s,"sequence":"1"'):
            self.refused(b'{"info":{%s}}' % (info % number), lambda node: node.account(OWN))

    @pytest.mark.parametrize("price", [b'"1e999999"', b'"NaN"', b'"-1"', b'"Infinity"', b'""'])
    def test_prices(self, price: bytes) -> None:
        body = b'{"price":{"amount":%s}}' % price
        self.refused(body, lambda node: node.gas_price())

    def test_nesting_without_an_end(self) -> None:
        self.refused(b"[" * 100_000, lambda node: node.chain_id())

    def test_half_a_character_in_a_refusal(self) -> None:
        transaction = SignedTransaction("AB", b"", 7)
        refused = _in_block(transaction, Verdict(7, 5, "sdk", "too \ud800 little"))
        assert refused.text == "too ? little"


class Interrupted:
    """A chain at one of whose answers Ctrl-C is pressed; before, each transaction is overtaken."""

    network = NETWORKS["testnet"]

    def __init__(self, during: str, after: int = 0) -> None:
        self._during = during
        self._before = after

    def _answer(self, question: str) -> None:
        if question == self._during:
            if not self._before:
                raise KeyboardInterrupt
            self._before -= 1

    def height(self) -> int:
        self._answer("height")
        return 100

    def account(self, _: str) -> Account:
        self._answer("account")
        return Account(1, 7)

    def broadcast(self, _: SignedTransaction) -> Verdict:
        self._answer("broadcast")
        return Verdict(0, 32, "sdk", "account sequence mismatch")

    def find(self, _: SignedTransaction) -> Verdict | None:
        self._answer("find")
        return None


class TestCtrlC:
    def send(self, chain: Interrupted) -> Outcome:
        of: Any = send  # typed for the real ones
        outcome: Outcome = of(
            chain, Transfer(OWN, OTHER, 1, 1, 1), key_of(WORDS), Patience(pause=0)
        )
        return outcome

    @pytest.mark.parametrize("during", ["account", "height"])
    @pytest.mark.parametrize("after", [0, 2])
    def test_before_a_transaction_is_handed_over_nothing_was_sent(
        self, during: str, after: int
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            self.send(Interrupted(during, after))

    @pytest.mark.parametrize("during", ["broadcast", "find"])
    @pytest.mark.parametrize("after", [0, 2])
    def test_afterwards_it_is_not_known(self, during: str, after: int) -> None:
        assert self.send(Interrupted(during, after)).state is State.UNKNOWN


def test_scripts_learn_the_hash_of_a_transfer_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = OperatorError(ErrorCode.TRANSFER_UNKNOWN, "?", facts={"hash": "AB", "last_block": 7})
    monkeypatch.setattr("sys.argv", ["allora", "wallet", "send", "--json"])
    assert _report(failed) == failed.exit_code
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["trouble"], error["facts"]) == ("transfer-unknown", failed.facts)
