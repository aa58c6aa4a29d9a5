"""No secret gets further than the settings file: neither into a message nor into what is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError, load_settings

CANARY = "c4n4ry-7f3a9"
WORDS = "abandon " * 11 + "about"
HEX_KEY = "0f" * 32

# What users have put there, by the blueprint's example and by habit.
PLANTED = {
    "the blueprint's mnemonic": (f'ALLORA_WALLET_ADDRESS_RESTORE_MNEMONIC="{CANARY}"', CANARY),
    "its older name": (f'ALLORA_ACCOUNT_MNEMONIC="{CANARY}"', CANARY),
    "AWS's secret key": (f"AWS_SECRET_ACCESS_KEY={CANARY}", CANARY),
    "AWS's session token": (f"AWS_SESSION_TOKEN={CANARY}", CANARY),
    "an unknown key": (f"ALLORA_API_KEY={CANARY}", CANARY),
    "an unknown token": (f"GITHUB_TOKEN={CANARY}", CANARY),
    "an unknown password": (f"DB_PASSWORD={CANARY}", CANARY),
    "a private key": (f"WALLET_PRIVATE_KEY={CANARY}", CANARY),
    "the model's key": (f"MODEL_ENV_VARS='\nCG_API_KEY=\"{CANARY}\"\n'", CANARY),
    "the model's password": (f"MODEL_ENV_VARS='\nDB_PASSWORD={CANARY}\n'", CANARY),
    "the model's second key": (f"MODEL_ENV_VARS='\nCG_API_KEY_2={CANARY}\n'", CANARY),
    "the model's key in one word": (f"MODEL_ENV_VARS='\nCGAPIKEY={CANARY}\n'", CANARY),
    "the model's token": (f"MODEL_ENV_VARS='\nHF_TOKEN_READ={CANARY}\n'", CANARY),
    "the model's bearer": (f"MODEL_ENV_VARS='\nAUTHTOKEN={CANARY}\n'", CANARY),
    "a private key under another name": (f"MODEL_ENV_VARS='\nSEED={HEX_KEY}\n'", HEX_KEY),
    "words as they begin a sentence": (
        f"MODEL_ENV_VARS='\nSEED=\"{WORDS.capitalize()}\"\n'",
        "bandon",
    ),
    "words in the model's variables": (f"MODEL_ENV_VARS='\nSEED=\"{WORDS}\"\n'", "abandon"),
    "words anywhere": (f'ALLORA_WORKER_TOKEN="{WORDS}"', "abandon"),
    "credentials in an address": (
        f"MODEL_REPO=https://me:{CANARY}@example.org/model.git",
        CANARY,
    ),
}


def test_what_only_sounds_like_a_secret_is_a_setting(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    model = "TOKEN=ETH\nMAX_TOKENS=100\nTOKENIZER=bpe\nKEYWORDS=a b\nPUBLIC_KEY=x\n"
    env.write_text(
        f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nMODEL_ENV_VARS='\n{model}'\n"
    )
    assert load_settings(env, {}).model_env["MAX_TOKENS"] == "100"


@pytest.mark.parametrize("case", PLANTED)
def test_a_secret_is_refused_and_not_repeated(case: str, tmp_path: Path) -> None:
    line, canary = PLANTED[case]
    env = tmp_path / ".env"
    env.write_text(f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n{line}\n")
    with pytest.raises(SettingsError) as error:
        load_settings(env, {})
    report = str(error.value)
    assert canary not in report
    assert line.split("=")[0] in report
    assert "->" in report  # with the remedy
