"""Words and addresses of wallets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bech32 import bech32_decode

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.backup import Backup, backup_path, check_passphrase, parse_backup
from allora_cli.wallet.mnemonic import address_of, is_wallet, make_words, read_words

TWELVE = "special sign fit simple patrol salute grocery chicken wheat radar tonight ceiling"
TWENTY_FOUR = (
    "economy stock theory fatal elder harbor betray wasp final emotion task crumble "
    "siren bottom lizard educate guess current outdoor pair theory focus wife stone"
)


@pytest.mark.parametrize(
    ("words", "cosmos"),
    [
        # Of CosmJS, in its tests and its local faucet: https://github.com/cosmos/cosmjs
        (TWELVE, "cosmos1jhg0e7s6gn44tfc5k37kr04sznyhedtc9rzys5"),
        (TWENTY_FOUR, "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6"),
    ],
)
def test_address_is_the_published_one_with_allora_s_prefix(words: str, cosmos: str) -> None:
    prefix, data = bech32_decode(address_of(words))
    assert prefix == "allo"
    assert data == bech32_decode(cosmos)[1]


def test_new_words_are_24_and_never_the_same() -> None:
    wallets = {make_words() for _ in range(20)}
    assert len(wallets) == 20
    assert {len(words.split()) for words in wallets} == {24}
    assert all(is_wallet(words) for words in wallets)


@pytest.mark.parametrize(
    "typed",
    [
        TWELVE,
        f"  {TWELVE}\r\n",
        TWELVE.upper(),
        TWELVE.title().replace(" ", "\t"),
        TWELVE.replace(" ", "\n"),
        TWELVE.replace(" ", "\N{NO-BREAK SPACE}"),  # as copied from a web page
    ],
)
def test_words_are_read_however_they_are_written(typed: str) -> None:
    assert read_words(typed) == TWELVE


@pytest.mark.parametrize("count", [12, 15, 18, 21, 24])
def test_all_lengths_of_wallets_are_taken(count: int) -> None:
    # The last word has the checksum: one of the list's words fits.
    last = {12: "about", 15: "address", 18: "agent", 21: "admit", 24: "art"}[count]
    words = " ".join(["abandon"] * (count - 1) + [last])
    assert read_words(words) == words


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "No words were given"),
        (" \n", "No words were given"),
        ("ceiling", "the number of words is 1."),
        (" ".join(TWELVE.split()[:11]), "the number of words is 11."),
        (f"{TWENTY_FOUR} stone", "the number of words is 25."),
        (TWELVE.replace("fit", "fitt").replace("radar", "rader"), "number 3, 10 of the 12 words"),
        (TWELVE.replace("fit", "fox"), "wrong checksum"),
        (TWELVE.replace("special sign", "sign special"), "wrong checksum"),
    ],
)
def test_what_is_no_wallet_is_refused_without_repeating_a_word(typed: str, told: str) -> None:
    with pytest.raises(OperatorError) as refused:
        read_words(typed)
    assert refused.value.code is ErrorCode.WALLET_WORDS
    message = str(refused.value)
    assert told in message
    assert message.endswith("Nothing was stored.")
    # All but those that a sentence may have by chance.
    rare = {"special", "salute", "grocery", "chicken", "wheat", "ceiling", "fitt", "fox", "stone"}
    assert not rare & set(message.replace(".", " ").split())


DOCUMENT: dict[str, Any] = {
    "what": "Wallet of an Allora worker",
    "version": 1,
    "words": TWELVE,
    "derivation_path": "m/44'/118'/0'/0/0",
    "address": "allo1jhg0e7s6gn44tfc5k37kr04sznyhedtctsc88d",
    "network": "testnet",
    "worker_name": "worker",
    "made_at": "2026-11-05T06:07:08+00:00",
}
FILE = Path("wallet.age")


def backup() -> Backup:
    return parse_backup(FILE, json.dumps(DOCUMENT).encode())


class TestBackup:
    def test_document_is_read_and_written_in_the_same_way(self) -> None:
        assert json.loads(backup().to_json()) == DOCUMENT
        assert TWELVE not in repr(backup())

    def test_what_a_later_version_may_add_does_no_harm(self) -> None:
        assert parse_backup(FILE, json.dumps(DOCUMENT | {"more": 1}).encode()) == backup()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff special sign",
            b'["special sign"]',
            b'"special sign"',
            json.dumps(DOCUMENT | {"words": TWELVE.replace("fit", "fox")}).encode(),
            json.dumps(DOCUMENT | {"words": TWENTY_FOUR}).encode(),
            json.dumps(DOCUMENT | {"words": 12}).encode(),
            json.dumps(DOCUMENT | {"made_at": None}).encode(),
            json.dumps(DOCUMENT | {"made_at": "special sign"}).encode(),
            json.dumps({name: DOCUMENT[name] for name in DOCUMENT if name != "words"}).encode(),
        ],
    )
    def test_another_document_is_refused_without_repeating_it(self, content: bytes) -> None:
        with pytest.raises(OperatorError) as refused:
            parse_backup(FILE, content)
        assert refused.value.code is ErrorCode.BACKUP_FILE
        assert refused.value.__cause__ is None
        assert "special" not in str(refused.value)

    def test_file_is_named_after_worker_wallet_and_day(self, tmp_path: Path) -> None:
        name = "allora-worker-allo1jhg0-tsc88d-2026-11-05.age"
        assert backup_path(None, backup()) == Path(name)
        assert backup_path(tmp_path, backup()) == tmp_path / name
        assert backup_path(tmp_path / "mine", backup()) == tmp_path / "mine"

    @pytest.mark.parametrize("good", ["plinth-Gecko", "fünf zufällige Wörter"])
    def test_passphrases_that_are_good(self, good: str) -> None:
        check_passphrase(good)

    @pytest.mark.parametrize(
        "weak", ["", "plinth-Geck", "aaaaaaaaaaaaaaaaaaaaaaaa", "plinth\nGecko 7 hafen"]
    )
    def test_passphrases_that_are_weak(self, weak: str) -> None:
        with pytest.raises(OperatorError) as refused:
            check_passphrase(weak)
        assert refused.value.code is ErrorCode.BACKUP_PASSPHRASE
        assert "plinth" not in str(refused.value)
