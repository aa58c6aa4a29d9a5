"""What the kit's models answer, and what is said of those that answer nothing."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from forge_server import child
from forge_server.failures import LONGEST, Kind, ModelError
from forge_server.pickles import THIS_PYTHON
from forge_server.process import Model
from forge_server.settings import secrets_of

from tests.forge_server.conftest import QUESTION, Save, Start

SERIES = """
class Series:  # as much of pandas' as matters
    ndim = 1
    def __init__(self, *values): self.values = values
    def __len__(self): return len(self.values)
    @property
    def iloc(self): return self.values
"""


def limit(model: Model, seconds: float) -> None:
    """Set how long a prediction may take."""
    model._settings = replace(model._settings, predict_seconds=seconds)


def refusal(model: Model) -> ModelError:
    with pytest.raises(ModelError) as caught:
        model.ask(QUESTION)
    assert len(caught.value.sentence) <= LONGEST
    return caught.value


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("def predict(nonce: int = None) -> float:\n return nonce + 0.5", "1234.5"),
        ("def predict(ctx):\n return ctx.nonce + ctx.topic_id", "1303"),
        ("def predict(*, horizon=2):\n return horizon", "2"),
        ("async def predict(nonce):\n return 1e-7", "1E-7"),
        ("import decimal\ndef predict(nonce):\n return decimal.Decimal('0.10000000000000000001')",
         "0.10000000000000000001"),
        (f"{SERIES}\ndef predict():\n return Series(1.5, 2.5)", "2.5"),
        ("def predict(nonce):\n return {'prediction': 7.25, 'timestamp': 1}", "7.25"),
        ("WEIGHT = 3\ndef helper(x):\n return WEIGHT * x\ndef predict(nonce):\n return helper(2)",
         "6"),
    ],
)  # fmt: skip
def test_an_answer(save: Save, start: Start, source: str, answer: str) -> None:
    assert start(save(source)).ask(QUESTION) == answer


def test_the_oldest_form_saved_by_dill(save: Save, start: Start) -> None:
    source = f"{SERIES}\nmodel = 4\ndef predict() -> Series:\n return Series(model + 0.25)"
    recursive = f"import dill\ndill.settings['recurse'] = True\n{source}"
    assert start(save(recursive, library="dill")).ask(QUESTION) == "4.25"


def test_what_dill_has_left_out_is_named(save: Save, start: Start) -> None:
    error = refusal(start(save("model = 4\ndef predict():\n return model", library="dill")))
    assert error.sentence == "model is not in the pickle: save it with cloudpickle."


def test_labels(save: Save, start: Start) -> None:
    source = "def predict(nonce):\n return {'up': 0.25, 'down': 0.75}"
    assert json.loads(start(save(source)).ask(QUESTION)) == {"up": 0.25, "down": 0.75}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def predict(nonce):\n return float('nan')", "The prediction is NaN, no finite number."),
        ("def predict(nonce):\n return None",
         "The prediction is None: return a number, or a dict of labels."),
        ("def predict(nonce):\n return [1, 2]",
         "The prediction is an object of the type list: return a number, or a dict of labels."),
        ("def predict(nonce):\n return {'up': float('inf')}",
         "The prediction is Infinity, no finite number."),
        ("def predict(nonce):\n raise ValueError('Could not get\\nlive features')",
         "The prediction raised ValueError: Could not get live features"),
        ("def predict(nonce):\n bytes(10**15)", "The prediction needs more memory than there is."),
        ("def predict(ctx):\n return ctx.client",
         "The function uses ctx.client, which a model server has not."),
    ],
)  # fmt: skip
def test_no_prediction(save: Save, start: Start, source: str, sentence: str) -> None:
    model = start(save(source))
    error = refusal(model)
    assert (error.kind, error.sentence) == (Kind.FAILED, sentence)


@pytest.mark.parametrize("place", ["import lightgbm_absent as it", "it = None"])
def test_a_missing_package_is_named(save: Save, start: Start, place: str) -> None:
    """Whether the pickle names it, or the function imports it."""
    source = (
        "import sys, types\n"
        "it = sys.modules['lightgbm_absent'] = types.ModuleType('lightgbm_absent')\n"
        f"{place}\n"
        "def predict(nonce):\n import lightgbm_absent.sklearn\n return it"
    )
    error = refusal(start(save(source)))
    assert error.sentence == (
        "The model needs the package lightgbm_absent: add its version to MODEL_REQUIREMENTS."
    )
    assert error.kind is Kind.UNUSABLE


def test_another_file_than_was_meant_is_not_loaded(
    save: Save, start: Start, tmp_path: Path
) -> None:
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\ndef predict(nonce):\n return 1"
    program = f"class Run:\n def __reduce__(self):\n  return (exec, ({source!r},))\npredict = Run()"
    file = save(program)
    model = start(file, FORGE_SHA256="0" * 64)
    error = refusal(model)
    assert error.kind is Kind.UNUSABLE
    assert error.sentence.startswith("predict.pkl has the SHA-256 ")
    assert error.sentence.endswith("…, not 000000000000…: it is not loaded.")
    assert not (tmp_path / "ran").exists()


def test_an_image_of_another_python_is_named(save: Save, start: Start) -> None:
    error = refusal(start(save("predict = print"), FORGE_PYTHON="3.9"))
    assert error.sentence == f"The image has Python {THIS_PYTHON}, and MODEL_PYTHON is 3.9."


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_a_file_that_another_python_has_saved(start: Start, version: str) -> None:
    """Real ones of four versions, each with a class, a helper and a global."""
    model = start(Path(__file__).parent / f"saved/{version}.pkl")
    if version == THIS_PYTHON:
        assert model.ask(QUESTION) == "7.242640687119286"
    else:
        error = refusal(model)
        assert error.kind is Kind.UNUSABLE
        assert error.sentence.startswith(f"{version}.pkl was saved by ")
        assert "MODEL_PYTHON" in error.sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "predict.pkl is no complete pickle."),
        (b"version https://git-lfs.github.com/spec/v1\n", "predict.pkl is no pickle: "),
        (b"\x80\x04K\x05.", "predict.pkl holds an object of the type int, no function."),
        (b"\x80\x04c__main__\npredict\n.", "predict.pkl cannot be loaded: AttributeError: "),
    ],
)
def test_what_is_no_model(start: Start, tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "predict.pkl"
    file.write_bytes(content)
    error = refusal(start(file))
    assert error.kind is Kind.UNUSABLE
    assert error.sentence.startswith(sentence)


def test_a_model_that_hangs_is_stopped_and_loaded_anew(
    save: Save, start: Start, tmp_path: Path
) -> None:
    hang = tmp_path / "hang"
    hang.touch()
    source = (
        "import os, time\n"
        f"def predict(nonce):\n time.sleep(60 if os.path.exists({str(hang)!r}) else 0)\n return 5"
    )
    model = start(save(source))
    model.prepare()
    limit(model, 0.3)
    error = refusal(model)
    assert (error.kind, error.sentence) == (
        Kind.TIMEOUT, "The model did not answer within 0.3 s and was stopped.",
    )  # fmt: skip
    hang.unlink()
    limit(model, 60.0)
    assert model.ask(QUESTION) == "5"


def test_a_question_that_waits_when_the_server_stops_blames_no_memory(
    save: Save, start: Start, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    source = f"import time\ndef predict(n):\n open({str(asked)!r}, 'w')\n time.sleep(60)"
    model = start(save(source))
    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(refusal, model)
        while not asked.exists():
            time.sleep(0.01)
        model.stop()
        assert error.result().sentence == "The server stops."


@pytest.mark.parametrize(
    ("death", "sentence"),
    [
        ("os.kill(os.getpid(), 9)",
         "The model's process was killed: it probably needs more memory than the host has."),
        ("os.kill(os.getpid(), 11)",
         "The model's process crashed (SIGSEGV): check MODEL_PYTHON and MODEL_REQUIREMENTS."),
        ("sys.exit(3)", "The model's process ended by itself, with status 3."),
    ],
)  # fmt: skip
def test_a_model_that_ends_is_loaded_anew(
    save: Save, start: Start, tmp_path: Path, death: str, sentence: str
) -> None:
    die = tmp_path / "die"
    die.touch()
    source = (
        f"import os, sys\ndef predict(nonce):\n if os.path.exists({str(die)!r}): {death}\n return 5"
    )
    model = start(save(source))
    error = refusal(model)
    assert (error.kind, error.sentence) == (Kind.ENDED, sentence)
    die.unlink()
    assert model.ask(QUESTION) == "5"


def test_a_model_is_asked_while_it_loads(save: Save, start: Start, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    source = (
        f"class Slow:\n def __reduce__(self):\n  return (open, ({str(fifo)!r},))\npredict = Slow()"
    )
    model = start(save(source))
    loading = threading.Thread(target=model.prepare, daemon=True)
    loading.start()
    while model._child is None:
        time.sleep(0.01)
    limit(model, 0.1)
    error = refusal(model)
    assert (error.kind, error.sentence) == (Kind.LOADING, "The model is being loaded.")
    fifo.open("w").close()
    loading.join()
    assert refusal(model).kind is Kind.UNUSABLE  # a file is no function


def test_its_own_secrets_are_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its process alone: the container's environment has the names of the files."""
    (tmp_path / "ALLORA_API_KEY").write_text("9\n")
    (tmp_path / "OTHER").write_text("8")
    monkeypatch.setattr("forge_server.settings.SECRETS", tmp_path)
    files = {
        "ALLORA_API_KEY_FILE": tmp_path / "ALLORA_API_KEY",
        "ABSENT_FILE": tmp_path / "ABSENT",
        "NAME_FILE": tmp_path / "OTHER",
        "_FILE": tmp_path / "OTHER",
    }
    secrets = secrets_of({name: str(file) for name, file in files.items()})
    assert secrets == {"ALLORA_API_KEY": "9"}


def test_its_secrets_are_neither_in_a_sentence_nor_in_the_log(
    save: Save, start: Start, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An exception of an HTTP library quotes the URL, with the key in it."""
    (tmp_path / "KEY").write_text("s3cret/k3y\n")
    source = (
        "import os\nfrom urllib.parse import quote\n"
        "def predict(nonce):\n key = os.environ['KEY']\n"
        " raise OSError(f'{key} refused: /prices?t={quote(key, safe=str())}&' + 60 * 'x')"
    )
    patch = tmp_path / "sitecustomize.py"
    patch.write_text(
        "import forge_server.settings, pathlib\n"
        f"forge_server.settings.SECRETS = pathlib.Path({str(tmp_path)!r})\n"
    )
    paths = f"{tmp_path}:{Path(child.__file__).parents[1]}:{os.environ.get('PYTHONPATH', '')}"
    model = start(save(source), PYTHONPATH=paths, KEY_FILE=str(tmp_path / "KEY"))
    error = refusal(model)
    assert error.sentence.startswith("The prediction raised OSError: *** refused: /prices?t=***&xx")
    log = capfd.readouterr().err
    assert "OSError: *** refused: /prices?t=***&xx" in log
    assert "s3cret" not in log
