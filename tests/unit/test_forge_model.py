"""A model of the Forge kit: its settings, and what the host gets of it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from settings import Settings, SettingsError
from settings.sections import forge_model
from settings.sections.worker import DEFAULT_PYTHON_IMAGE
from user_data.archive import host_archive
from user_data.compose import compose_settings
from user_data.differences import changed_settings
from user_data.host_files import host_user_data

MakeSettings = Callable[..., Settings]

PICKLE = b"a pickle"
DIGEST = hashlib.sha256(PICKLE).hexdigest()
NEEDS = {"MODEL_REQUIREMENTS": "cloudpickle==3.1.1,lightgbm==4.6.0", "MODEL_PYTHON": "3.12"}
FROM_S3 = {
    "MODEL_FORGE": "s3://my-models/btc/predict.pkl",
    "MODEL_SHA256": f"sha256:{DIGEST}",
    **NEEDS,
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model beside the settings file."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "predict.pkl"
    file.write_bytes(PICKLE)
    return file


@pytest.fixture
def from_file(file: Path) -> dict[str, str]:
    return {"MODEL_FORGE": file.name, **NEEDS}


def refused(make_settings: MakeSettings, variables: dict[str, str]) -> dict[str, str]:
    """The messages by variable; each has a remedy."""
    with pytest.raises(SettingsError) as caught:
        make_settings(**variables)
    assert all(problem.remedy for problem in caught.value.problems)
    return {problem.variable: problem.message for problem in caught.value.problems}


def model(settings: Settings) -> dict[str, Any]:
    service: dict[str, Any] = compose_settings(settings)["services"]["model"]
    return service


def members(settings: Settings) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(host_archive(settings))) as tar:
        opened = ((member.name, tar.extractfile(member)) for member in tar)
        return {name: content.read() for name, content in opened if content}


class TestSettings:
    def test_a_file_has_its_own_digest(
        self, make_settings: MakeSettings, from_file: dict[str, str], file: Path
    ) -> None:
        settings = make_settings(**from_file)
        assert settings.model_sha256 == DIGEST
        assert (settings.forge_file, settings.forge_url, settings.forge_object) == (
            file,
            None,
            None,
        )
        assert not settings.runs_own_model
        assert settings.warnings == ()

    def test_an_object(self, make_settings: MakeSettings) -> None:
        settings = make_settings(**FROM_S3)
        assert settings.forge_url == FROM_S3["MODEL_FORGE"]
        assert settings.forge_object == forge_model.S3Object("my-models", "btc/predict.pkl")

    def test_the_worker_sends_topic_and_nonce(self, make_settings: MakeSettings) -> None:
        assert make_settings(**FROM_S3).inference_endpoint == (
            "http://model:8000/inference/{Token}?topic_id={TopicId}&block_height={BlockHeight}"
        )

    @pytest.mark.parametrize("variable", ["MODEL_REQUIREMENTS", "MODEL_PYTHON", "MODEL_SHA256"])
    def test_what_belongs_to_it_is_required(
        self, make_settings: MakeSettings, variable: str
    ) -> None:
        given = {name: value for name, value in FROM_S3.items() if name != variable}
        (message,) = refused(make_settings, given).values()
        assert message.startswith("is required for a model ")

    @pytest.mark.parametrize("variable", ["MODEL_REQUIREMENTS", "MODEL_PYTHON", "MODEL_SHA256"])
    def test_what_belongs_to_it_stands_not_alone(
        self, make_settings: MakeSettings, variable: str
    ) -> None:
        problems = refused(make_settings, {variable: FROM_S3[variable]})
        assert problems[variable].endswith("is set without MODEL_FORGE.")

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("MODEL_REPO", "https://example.com/model"),
            ("MODEL_IMAGE", "example.com/model:1"),
            ("MODEL_COMMAND", "python app.py"),
        ],
    )
    def test_there_is_one_model(
        self, make_settings: MakeSettings, variable: str, value: str
    ) -> None:
        problems = refused(make_settings, {**FROM_S3, variable: value})
        assert "is set together with MODEL_FORGE" in problems[variable]

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("MODEL_FORGE", "absent.pkl", "is no file here."),
            ("MODEL_FORGE", "~nobody-at-all/predict.pkl", "is no file here."),
            ("MODEL_FORGE", "a" * 300, "is no file here."),
            ("MODEL_FORGE", ".", "is a folder."),
            ("MODEL_FORGE", "s3://my-models", "is not the URL of an object in S3."),
            ("MODEL_FORGE", "s3://my-models/*", "is not the URL of an object in S3."),
            ("MODEL_FORGE", "http://example.com/m.pkl", "does not begin with https:// or s3://."),
            ("MODEL_FORGE", "https://example.com/m.pkl?a=b", "is not the address of a file."),
            ("MODEL_FORGE", "https://example.com/", "is not the address of a file."),
            ("MODEL_SHA256", DIGEST, "is not a SHA-256."),
            ("MODEL_PYTHON", "3.12.4", "is none of 3.10, 3.11, 3.12, 3.13."),
            ("MODEL_REQUIREMENTS", "absent.txt", "is no file here."),
            ("MODEL_REQUIREMENTS", "lightgbm==4.6.0", "has no cloudpickle, which loads the model."),
            ("MODEL_REQUIREMENTS", "cloudpickle==3.1.1,numpy", "no package with its version."),
            ("MODEL_REQUIREMENTS", "cloudpickle==3.1.*", "no package with its version."),
            (
                "MODEL_REQUIREMENTS",
                "cloudpickle==3.1.1,kit @ git+https://example.com/kit@main",
                "no package with its version.",
            ),
            ("MODEL_REQUIREMENTS", "cloudpickle==3.1.1,-e x==1", "no package with its version."),
            ("MODEL_REQUIREMENTS", "cloudpickle==3.1.1,Cloudpickle==3", "has cloudpickle twice."),
            ("ALLORA_WORKER_ROLE", "reputer", "needs a model server of your own"),
        ],
    )
    def test_what_is_refused(
        self, make_settings: MakeSettings, variable: str, value: str, message: str
    ) -> None:
        problems = refused(make_settings, {**FROM_S3, variable: value})
        assert message in problems[variable]

    def test_another_file_than_the_digest_is_of(
        self, make_settings: MakeSettings, from_file: dict[str, str]
    ) -> None:
        problems = refused(make_settings, {**from_file, "MODEL_SHA256": f"sha256:{0:064}"})
        assert f"which is {DIGEST[:12]}…" in problems["MODEL_SHA256"]

    def test_a_large_file_does_not_travel(
        self,
        make_settings: MakeSettings,
        from_file: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(forge_model, "MOST_BYTES", 7)
        assert "travel to the host at most" in refused(make_settings, from_file)["MODEL_FORGE"]

    def test_a_requirements_file(
        self, make_settings: MakeSettings, from_file: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "requirements.txt").write_text(
            "# of the training\n"
            "cloudpickle == 3.1.1  # saves\n\n"
            f"lightgbm[pandas, scikit-learn]==4.6.0 \\\n    --hash=sha256:{DIGEST}\n"
            'numpy==2.3.1 ; python_version >= "3.11"\n'
            f"own @ https://example.com/own-1.0.whl#sha256={DIGEST}\n"
            f"kit @ git+https://github.com/allora-network/kit.git@{DIGEST[:40]}\n"
        )
        settings = make_settings(**from_file | {"MODEL_REQUIREMENTS": "requirements.txt"})
        assert settings.model_requirements == (
            "cloudpickle == 3.1.1",
            f"lightgbm[pandas, scikit-learn]==4.6.0 --hash=sha256:{DIGEST}",
            'numpy==2.3.1 ; python_version >= "3.11"',
            f"own @ https://example.com/own-1.0.whl#sha256={DIGEST}",
            f"kit @ git+https://github.com/allora-network/kit.git@{DIGEST[:40]}",
        )
        assert model(settings)["build"]["args"]["SYSTEM_PACKAGES"] == "libgomp1 git"

    @pytest.mark.parametrize(
        "line",
        [
            f"kit @ git+https://me:hunter22@github.com/me/kit.git@{DIGEST[:40]}",
            f"kit @ https://example.com/kit.whl?api_key=hunter22#sha256={DIGEST}",
            "--extra-index-url https://me:hunter22@example.com/simple",
        ],
    )
    def test_a_requirements_file_with_a_password(
        self, make_settings: MakeSettings, from_file: dict[str, str], tmp_path: Path, line: str
    ) -> None:
        (tmp_path / "requirements.txt").write_text(f"cloudpickle==3.1.1\n{line}\n")
        problems = refused(make_settings, from_file | {"MODEL_REQUIREMENTS": "requirements.txt"})
        assert "a URL with a password or a key in it" in problems["MODEL_REQUIREMENTS"]
        assert "hunter22" not in str(problems)

    def test_several_topics_get_a_warning(self, make_settings: MakeSettings) -> None:
        (warning,) = make_settings(**FROM_S3, ALLORA_WORKER_TOPIC_ID="69,77").warnings
        assert "one model answers for several topics" in warning


class TestHost:
    def test_a_file_comes_with_the_archive(
        self, make_settings: MakeSettings, from_file: dict[str, str]
    ) -> None:
        settings = make_settings(**from_file)
        archive = members(settings)
        assert archive["forge/predict.pkl"] == PICKLE
        context = "build-contexts/forge_server"
        assert archive[f"{context}/requirements.txt"] == b"cloudpickle==3.1.1\nlightgbm==4.6.0\n"
        assert {f"{context}/Dockerfile", f"{context}/forge_server/child.py"} <= archive.keys()
        assert not [name for name in archive if "model_server" in name]
        (mount,) = model(settings)["volumes"]
        assert (mount["source"], mount["target"]) == ("/opt/allora/forge", "/model")
        assert mount["read_only"] is True

    def test_an_object_is_fetched(self, make_settings: MakeSettings) -> None:
        settings = make_settings(**FROM_S3)
        assert "forge/predict.pkl" not in members(settings)
        (mount,) = model(settings)["volumes"]
        assert mount["source"] == "/var/lib/allora/forge"

    def test_the_server_is_confined(self, make_settings: MakeSettings) -> None:
        service = model(make_settings(**FROM_S3))
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp:size=256m,mode=1777"]
        assert {"privileged", "user", "cap_add", "network_mode", "pid"} & service.keys() == set()

    def test_the_server_gets_no_secret_but_its_own(self, make_settings: MakeSettings) -> None:
        service = model(make_settings(**FROM_S3, MODEL_SECRETS="ALLORA_API_KEY"))
        assert service["environment"] == {
            "ALLORA_API_KEY_FILE": "/run/secrets/ALLORA_API_KEY",
            "FORGE_SHA256": DIGEST,
            "FORGE_PYTHON": "3.12",
            "FORGE_TOPIC_ID": "69",
            "FORGE_PORT": "8000",
        }

    @pytest.mark.parametrize(
        ("image", "python", "base"),
        [
            (DEFAULT_PYTHON_IMAGE, "3.13", DEFAULT_PYTHON_IMAGE),
            (DEFAULT_PYTHON_IMAGE, "3.11", "public.ecr.aws/docker/library/python:3.11-slim"),
            ("example.com:5000/python", "3.11", "example.com:5000/python:3.11-slim"),
            ("example.com/python:3.11.2-slim", "3.11", "example.com/python:3.11.2-slim"),
            ("python", "3.11", "python:3.11-slim"),
        ],
    )
    def test_the_base_image(
        self, make_settings: MakeSettings, image: str, python: str, base: str
    ) -> None:
        given = {**FROM_S3, "MODEL_PYTHON": python, "ALLORA_PYTHON_IMAGE": image}
        arguments = model(make_settings(**given))["build"]["args"]
        assert arguments == {"FORGE_PYTHON_IMAGE": base, "SYSTEM_PACKAGES": "libgomp1"}

    def test_another_file_is_named_by_the_setting_that_is_set(
        self, make_settings: MakeSettings, from_file: dict[str, str], file: Path
    ) -> None:
        before = self.user_data(make_settings(**from_file))
        file.write_bytes(b"another pickle")
        assert changed_settings(before, self.user_data(make_settings(**from_file))) == (
            "MODEL_FORGE",
        )

    @staticmethod
    def user_data(settings: Settings) -> str:
        digest = hashlib.sha256(host_archive(settings)).hexdigest()
        return host_user_data(settings, archive_sha256=digest).base64

    def test_this_computer_s_paths_stay_here(
        self, make_settings: MakeSettings, from_file: dict[str, str], file: Path
    ) -> None:
        before = host_user_data(make_settings(**from_file), archive_sha256=DIGEST)
        moved = file.rename(file.with_name("other.pkl"))
        after = make_settings(**from_file | {"MODEL_FORGE": str(moved)})
        assert host_user_data(after, archive_sha256=DIGEST) == before

    @pytest.mark.parametrize(
        ("variables", "named"),
        [
            ({"MODEL_SHA256": f"sha256:{0:064}"}, ("MODEL_FORGE", "MODEL_SHA256")),
            ({"MODEL_FORGE": "https://example.com/predict.pkl"}, ("MODEL_FORGE",)),
            ({"MODEL_REQUIREMENTS": "cloudpickle==3.1.2,lightgbm==4.6.0"}, ("MODEL_REQUIREMENTS",)),
            ({"MODEL_PYTHON": "3.11"}, ("MODEL_PYTHON",)),
            ({"ALLORA_WORKER_TOPIC_ID": "77"}, ("ALLORA_WORKER_TOPIC_ID",)),
        ],
    )  # fmt: skip
    def test_a_change_is_named(
        self, make_settings: MakeSettings, variables: dict[str, str], named: tuple[str, ...]
    ) -> None:
        before = self.user_data(make_settings(**FROM_S3))
        after = self.user_data(make_settings(**FROM_S3 | variables))
        assert changed_settings(before, after) == named
