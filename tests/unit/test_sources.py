"""`allora doctor` looks at the model's repository and at images, on servers as they are."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, Verdict
from allora_cli.doctor.sources.checks import check_images, check_model_source
from settings import Settings
from tests.http_server import Handler, serving

MakeSettings = Callable[..., Settings]
TOKEN = "anonymous-token"
ADVERTISED = {"Content-Type": "application/x-git-upload-pack-advertisement"}


class Server(ThreadingHTTPServer):
    """A registry and a git server; `authority` is its host and port."""

    def __init__(self, repositories: Path) -> None:
        super().__init__(("127.0.0.1", 0), Sources)
        self.repositories = repositories
        self.authority = f"127.0.0.1:{self.server_address[1]}"


class Sources(Handler):
    server: Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match url.path.split("/")[1]:
            case "token":
                token = "" if "private" in url.query else TOKEN
                self.answer(200 if token else 401, {"token": token})
            case "storage":
                # Where a registry refers to, another host's token is an error.
                given = self.headers.get("Authorization")
                self.answer(400 if given else 200, {"architecture": "arm64"})
            case "v2":
                self.registry(url.path.removeprefix("/v2/"))
            case "locked":
                self.answer(401, {}, {"WWW-Authenticate": 'Basic realm="git"'})
            case "page":
                self.answer(200, {}, {"Content-Type": "text/html"})
            case "broken":
                self.answer(503, {})
            case "listed-only":  # to Python, but not to git
                self.answer(503 if self.headers.get("Git-Protocol") else 200, {}, ADVERTISED)
            case _:
                self.git(url.path, url.query, b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.git(url.path, url.query, body)

    def registry(self, path: str) -> None:
        name, _, rest = path.partition("/")
        challenge = (
            f'Bearer realm="http://{self.server.authority}/token",service="registry",'
            f'scope="repository:{name}:pull"'
        )
        match name, rest, self.headers.get("Authorization"):
            case "basic", _, _:
                self.answer(401, {}, {"WWW-Authenticate": 'Basic realm="ecr"'})
            case _, _, None:
                self.answer(401, {}, {"WWW-Authenticate": challenge})
            case "both", "manifests/1.0", _:
                platforms = [("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown")]
                manifests = [{"platform": {"os": a, "architecture": b}} for a, b in platforms]
                self.answer(200, {"manifests": manifests})
            case "arm", "manifests/latest", _:
                self.answer(200, {"config": {"digest": "sha256:1"}})
            case "arm", "blobs/sha256:1", _:
                self.answer(307, {}, {"Location": "/storage"})
            case "limited", _, _:
                self.answer(429, {})
            case "odd", _, _:
                self.answer(200, {"nothing": True})
            case _:
                self.answer(404, {})

    def git(self, path: str, query: str, body: bytes) -> None:
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env={
                **os.environ,
                "GIT_PROJECT_ROOT": str(self.server.repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            },
            stdout=subprocess.PIPE,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        self.send(status, content, headers)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("repositories")
    git = (
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-C",
        str(folder / "model"),
    )
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder / "model")], check=True)
    for message in ("one", "two"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)
        subprocess.run([*git, "tag", message], check=True)
    server = Server(folder)
    with serving(server):
        yield server


def found(check: Callable[[CheckContext], Finding], settings: Settings) -> Finding:
    return check(CheckContext(known_settings=settings))


class TestImages:
    @pytest.mark.parametrize(
        ("image", "verdict", "words"),
        [
            ("both:1.0", Verdict.OK, "exists for amd64"),
            ("arm", Verdict.FAIL, "is for arm64, and would run on amd64"),
            ("both:2.0", Verdict.FAIL, "does not exist"),
            ("private:1.0", Verdict.FAIL, "is private, or does not exist"),
            ("basic:1.0", Verdict.FAIL, "is private, or does not exist"),
            ("limited:1.0", Verdict.UNKNOWN, "answers 429"),
            ("odd:1.0", Verdict.UNKNOWN, "answers with no manifest"),
        ],
    )
    def test_an_image(
        self,
        make_settings: MakeSettings,
        server: Server,
        image: str,
        verdict: Verdict,
        words: str,
    ) -> None:
        reference = f"{server.authority}/{image}"
        settings = make_settings(MODEL_IMAGE=reference, AWS_INSTANCE_TYPE="t3.medium")
        finding = found(check_images, settings)
        assert (finding.verdict, words in finding.detail) == (verdict, True), finding
        assert reference in finding.detail
        assert bool(finding.remedy) == (verdict is Verdict.FAIL)

    def test_the_image_of_another_architecture_fits_there(
        self, make_settings: MakeSettings, server: Server
    ) -> None:
        image = f"{server.authority}/arm"
        settings = make_settings(MODEL_IMAGE=image, AWS_INSTANCE_TYPE="t4g.medium")
        assert found(check_images, settings).verdict is Verdict.OK

    def test_a_registry_that_is_not_there_is_no_pass(self, make_settings: MakeSettings) -> None:
        finding = found(check_images, make_settings(MODEL_IMAGE="127.0.0.1:1/model:1"))
        assert finding.verdict is Verdict.UNKNOWN
        assert "does not answer" in finding.detail

    def test_of_several_images_the_worst_counts(
        self, make_settings: MakeSettings, server: Server
    ) -> None:
        finding = found(
            check_images,
            make_settings(
                MODEL_IMAGE=f"{server.authority}/both:1.0",
                ALLORA_WORKER_IMAGE=f"{server.authority}/both:2.0",
                AWS_INSTANCE_TYPE="t3.medium",
            ),
        )
        assert finding.verdict is Verdict.FAIL
        assert "correct ALLORA_WORKER_IMAGE" in finding.remedy
        assert "both:1.0" not in finding.detail
        assert len(finding.facts["images"]) == 2

    def test_without_images_nobody_is_asked(self, make_settings: MakeSettings) -> None:
        assert found(check_images, make_settings()).verdict is Verdict.OK


class TestRepository:
    def settings(self, make: MakeSettings, server: Server, path: str, ref: str | None) -> Settings:
        """Settings as if the server had a certificate."""
        made = make(MODEL_REPO="https://example.com/x", MODEL_REF=ref or "")
        return made.model_copy(update={"model_repo": f"http://{server.authority}/{path}"})

    @pytest.mark.parametrize("ref", [None, "main", "one"])
    def test_a_ref_that_is_there(
        self, make_settings: MakeSettings, server: Server, ref: str | None
    ) -> None:
        finding = found(check_model_source, self.settings(make_settings, server, "model", ref))
        assert finding.verdict is Verdict.OK, finding
        assert finding.facts["commit"] == self.commit(server, ref or "HEAD")

    def test_a_commit_that_is_there(self, make_settings: MakeSettings, server: Server) -> None:
        commit = self.commit(server, "one")
        settings = self.settings(make_settings, server, "model", commit)
        assert found(check_model_source, settings).facts["commit"] == commit

    @pytest.mark.parametrize(
        ("path", "ref", "verdict", "words"),
        [
            ("model", "v9", Verdict.FAIL, "has no v9"),
            ("model", "0" * 40, Verdict.FAIL, "has no 0000"),
            ("nothing", "v1", Verdict.FAIL, "does not exist"),
            ("locked", "v1", Verdict.FAIL, "is private, or does not exist"),
            ("page", "v1", Verdict.FAIL, "is no git repository"),
            ("broken", "v1", Verdict.UNKNOWN, "answers 503"),
        ],
    )
    def test_what_the_host_could_not_fetch(
        self,
        make_settings: MakeSettings,
        server: Server,
        path: str,
        ref: str,
        verdict: Verdict,
        words: str,
    ) -> None:
        finding = found(check_model_source, self.settings(make_settings, server, path, ref))
        assert (finding.verdict, words in finding.detail) == (verdict, True), finding

    @pytest.mark.parametrize("ref", [None, "main"])
    def test_the_users_own_git_settings_change_nothing(
        self,
        make_settings: MakeSettings,
        server: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        ref: str | None,
    ) -> None:
        (tmp_path / ".gitconfig").write_text('[url "git@localhost:"]\n\tinsteadOf = http://\n')
        monkeypatch.setenv("HOME", str(tmp_path))
        finding = found(check_model_source, self.settings(make_settings, server, "model", ref))
        assert finding.verdict is Verdict.OK, finding

    @pytest.mark.parametrize("ref", ["main", "one", "0" * 40])
    def test_what_git_cannot_fetch_here_is_no_verdict(
        self, make_settings: MakeSettings, server: Server, ref: str
    ) -> None:
        settings = self.settings(make_settings, server, "listed-only", ref)
        finding = found(check_model_source, settings)
        assert finding.verdict is Verdict.UNKNOWN, finding
        assert "git cannot fetch it here" in finding.detail

    def test_without_git_the_check_is_not_made(
        self, make_settings: MakeSettings, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = self.settings(make_settings, server, "model", "main")
        with monkeypatch.context() as patch:
            patch.setattr("shutil.which", lambda _: None)
            finding = found(check_model_source, settings)
        assert finding.verdict is Verdict.UNKNOWN
        assert "git is not installed" in finding.detail

    def test_without_a_repository_nobody_is_asked(self, make_settings: MakeSettings) -> None:
        assert found(check_model_source, make_settings()).verdict is Verdict.OK

    @pytest.mark.parametrize(
        ("path", "verdict", "says"),
        [
            ("page", Verdict.OK, "is there"),
            ("locked", Verdict.FAIL, "the host fetches without a login"),
            ("absent", Verdict.FAIL, "does not exist"),
            ("broken", Verdict.UNKNOWN, "answers 503"),
        ],
    )
    def test_a_model_of_the_forge_kit(
        self,
        make_settings: MakeSettings,
        server: Server,
        path: str,
        verdict: Verdict,
        says: str,
    ) -> None:
        url = f"http://{server.authority}/{path}/predict.pkl"
        settings = self.forge(make_settings, "https://example.com/predict.pkl")
        there = settings.model_copy(update={"model_forge": url})  # settings refuse http
        finding = found(check_model_source, there)
        assert finding.verdict is verdict, finding
        assert says in finding.detail

    def test_a_model_that_only_the_host_reads(
        self, make_settings: MakeSettings, tmp_path: Path
    ) -> None:
        (tmp_path / "predict.pkl").write_bytes(b"a pickle")
        for source in ("s3://my-models/predict.pkl", str(tmp_path / "predict.pkl")):
            finding = found(check_model_source, self.forge(make_settings, source))
            assert finding.verdict is Verdict.OK
            assert source in finding.detail

    def forge(self, make_settings: MakeSettings, source: str) -> Settings:
        digest = hashlib.sha256(b"a pickle").hexdigest()
        return make_settings(
            MODEL_FORGE=source,
            MODEL_SHA256=f"sha256:{digest}",
            MODEL_REQUIREMENTS="cloudpickle==3.1.1",
            MODEL_PYTHON="3.12",
        )

    def commit(self, server: Server, ref: str) -> str:
        git = ["git", "-C", str(server.repositories / "model"), "rev-parse", ref]
        return subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()
