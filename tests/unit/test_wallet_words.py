"""Words and addresses of wallets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.backup import (
    Backup,
    backup_path,
    check_passphrase,
    parse_backup,
    read_backup,
)
from allora_cli.wallet.mnemonic import address_of, is_wallet, make_words, read_words
from shared.wallet_library import wallet_library

ROOT = Path(__file__).parents[2]
TWELVE = "special sign fit simple patrol salute grocery chicken wheat radar tonight ceiling"
TWENTY_FOUR = (
    "economy stock theory fatal elder harbor betray wasp final emotion task crumble "
    "siren bottom lizard educate guess current outdoor pair theory focus wife stone"
)
FIRST_VECTOR = "abandon " * 11 + "about"


@pytest.mark.parametrize(
    ("words", "address"),
    [
        # Published with the prefix "cosmos": by CosmJS in its tests and its local faucet
        # (https://github.com/cosmos/cosmjs), and for the first mnemonic of BIP 39's vectors.
        (TWELVE, "cosmos1jhg0e7s6gn44tfc5k37kr04sznyhedtc9rzys5"),
        (TWENTY_FOUR, "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6"),
        (FIRST_VECTOR, "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4"),
    ],
)
def test_address_is_the_published_one_with_allora_s_prefix(words: str, address: str) -> None:
    data = wallet_library().Bech32Decoder
    assert data.Decode("allo", address_of(words)) == data.Decode("cosmos", address)


@pytest.mark.parametrize(
    "words",
    [
        FIRST_VECTOR,
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        "zoo " * 11 + "wrong",
        "zoo " * 17 + "when",
        "zoo " * 23 + "vote",
        "glow void ketchup thunder digital clock sport half six nice open artefact",
    ],
)
def test_mnemonics_of_published_vectors_are_wallets(words: str) -> None:
    """https://github.com/trezor/python-mnemonic/blob/master/vectors.json."""
    assert is_wallet(words)
    first, *rest = words.split()
    assert not is_wallet(" ".join([*rest, first]))  # another order


@pytest.mark.parametrize("words", [TWELVE.upper(), "", "abandon " * 12, f"{TWELVE} ceiling"])
def test_words_that_the_worker_would_refuse_are_no_wallet(words: str) -> None:
    assert not is_wallet(words)


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
        ("ceiling", "the number of words given is 1."),
        (" ".join(TWELVE.split()[:11]), "the number of words given is 11."),
        (f"{TWENTY_FOUR} stone", "the number of words given is 25."),
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

    def test_file_of_an_earlier_release_opens(self) -> None:
        """With the wallet that it had, which was derived with other libraries."""
        earlier = read_backup(
            Path(__file__).with_name("earlier_backup.bin"), "plinth-Gecko 7 hafen"
        )
        assert earlier.address == "allo1vy8pgtews0jk2nlhs77cr6cjwqyxzwf3qltgea"
        assert address_of(earlier.words) == earlier.address
        assert earlier.worker_name == "worker"

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


@pytest.mark.parametrize("arguments", [["--help"], ["status", "--help"]], ids=str)
def test_library_is_not_imported_where_no_wallet_is_needed(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from allora_cli.__main__ import main\n"
        "import allora_cli.status.output, allora_cli.status.collect\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert 'bip_utils' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, cwd=ROOT)


def test_library_works_without_coincurve() -> None:
    """It has no wheels for Python 3.14."""
    program = (
        "import sys; sys.modules['coincurve'] = None\n"
        "from allora_cli.wallet.mnemonic import address_of\n"
        f"print(address_of({TWELVE!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "allo1jhg0e7s6gn44tfc5k37kr04sznyhedtctsc88d\n"
