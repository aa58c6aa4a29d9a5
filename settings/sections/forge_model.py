"""A model of the Allora Forge kit: its file, its packages, and the Python that has saved it."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationInfo, field_validator

from containers.worker.allora_worker import contract
from settings.errors import fault
from settings.requirements import names_of, pinned
from settings.variable import Section, variable

PYTHONS: Final = ("3.10", "3.11", "3.12", "3.13")
"""Minor versions that the kit supports and the server is tested with."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""The most that a file from this computer may have: the host's archive carries it, and the host
holds the archive in memory."""

_EXAMPLE = "s3://my-models/btc/predict.pkl"
_PROJECT = Path(__file__).resolve().parents[2]
_UNPICKLERS = frozenset({"cloudpickle", "dill"})
# With its kind, because 64 digits alone may be a private key.
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
# Names without a meaning in IAM's patterns, and that a signed path has as they are.
_OBJECT = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[A-Za-z0-9._~/-]{1,900})"
)


@dataclass(frozen=True)
class S3Object:
    """An object in S3."""

    bucket: str
    key: str


class ForgeModelSettings(Section):
    """The section "Forge model"."""

    model_forge: str | None = variable(
        "MODEL_FORGE",
        "The `predict.pkl` of a model made with the Allora Forge kit, which needs no server of "
        "yours: a file on this computer of at most 64 MiB (below the working directory, or else "
        "the project's folder), an object `s3://bucket/key` in `AWS_REGION`, or an `https://` "
        "address. In place of `MODEL_REPO` and `MODEL_IMAGE`.",
        default=None,
        default_text="none",
        example=_EXAMPLE,
    )

    @field_validator("model_forge", mode="before")
    @classmethod
    def _file_or_url(cls, text: str) -> str:
        if text.startswith("s3:"):
            if not _OBJECT.fullmatch(text):
                raise fault("is not the URL of an object in S3.", f"as in {_EXAMPLE}")
            return text
        if "://" in text:
            example = "https://example.com/predict.pkl"
            parts = contract.url(text, ("https", "s3"), example=example)
            if parts.query or not parts.path.strip("/"):
                raise fault("is not the address of a file.", f"as in {example}, without a query")
            return text
        return str(_local_file(text))

    model_sha256: str | None = variable(
        "MODEL_SHA256",
        "The SHA-256 of that file, `sha256:` and what `sha256sum predict.pkl` prints: another file "
        "is never loaded, because loading runs its code. Required for an address; for a file on "
        "this computer it is computed.",
        default=None,
        default_text="that of the file",
        example="sha256:f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2",
        check_default=True,
    )

    @field_validator("model_sha256")
    @classmethod
    def _of_the_file(cls, text: str | None, info: ValidationInfo) -> str | None:
        forge = _needed_by_a_forge_model(text, info)
        if forge is None:
            return None
        given = _DIGEST.fullmatch(text) if text else None
        if text and not given:
            raise fault("is not a SHA-256.", "sha256: and the 64 digits that sha256sum prints")
        digest = given[1] if given else None
        if _is_url(forge):
            if digest is None:
                raise fault(
                    "is required for a model from an address, and not set.",
                    "MODEL_SHA256=sha256:… with what this prints: sha256sum predict.pkl",
                )
            return digest
        found = hashlib.sha256(_content(Path(forge))).hexdigest()
        if digest not in (None, found):
            raise fault(
                f"is not the SHA-256 of {forge}, which is {found[:12]}….",
                "name the file that you mean, or remove MODEL_SHA256: it is computed",
            )
        return found

    model_requirements: tuple[str, ...] = variable(
        "MODEL_REQUIREMENTS",
        "The packages that the model needs, each in the version with which it was trained: a "
        "requirements file, or a list separated by commas. `cloudpickle` (or `dill`) is one of "
        "them, with which the file was saved.",
        default=(),
        default_text="none",
        example="cloudpickle==3.1.1,lightgbm==4.6.0,pandas==2.3.3",
        check_default=True,
    )

    @field_validator("model_requirements", mode="before")
    @classmethod
    def _in_fixed_versions(
        cls, text: str | tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if not isinstance(text, str):
            text = ""
        if _needed_by_a_forge_model(text, info) is None:
            return ()
        if not text:
            raise fault(
                "is required for a model of the Forge kit, and not set.",
                "where you have trained it: pip freeze > requirements.txt; then keep what it needs",
            )
        requirements = pinned(text if "==" in text else _text(_local_file(text)))
        if not _UNPICKLERS & set(names_of(requirements)):
            raise fault(
                "has no cloudpickle, which loads the model.",
                "add it in the version that has saved it: pip show cloudpickle",
            )
        return requirements

    model_python: str | None = variable(
        "MODEL_PYTHON",
        f"The Python that has saved the model, {', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}: another "
        "one cannot run it. The image is that of `ALLORA_PYTHON_IMAGE`, with this version's tag.",
        default=None,
        default_text="none; required with `MODEL_FORGE`",
        example="3.12",
        check_default=True,
    )

    @field_validator("model_python")
    @classmethod
    def _of_the_model(cls, python: str | None, info: ValidationInfo) -> str | None:
        if _needed_by_a_forge_model(python, info) and python is None:
            raise fault(
                "is required for a model of the Forge kit, and not set.",
                "where you have trained it: python --version",
            )
        if python not in (None, *PYTHONS):
            raise fault(f"is none of {', '.join(PYTHONS)}.", "the minor version alone, as in 3.12")
        return python

    @property
    def forge_file(self) -> Path | None:
        """The model's file on this computer; None for an address."""
        return (
            None
            if self.model_forge is None or _is_url(self.model_forge)
            else Path(self.model_forge)
        )

    @property
    def forge_url(self) -> str | None:
        """The address from which the host fetches the model; None for a file."""
        return self.model_forge if self.model_forge and _is_url(self.model_forge) else None

    @property
    def forge_object(self) -> S3Object | None:
        """The object in S3 that the host reads; None for any other source."""
        match = _OBJECT.fullmatch(self.model_forge or "")
        return S3Object(match["bucket"], match["key"]) if match else None


def _is_url(forge: str) -> bool:
    return "://" in forge


def _needed_by_a_forge_model(value: object, info: ValidationInfo) -> str | None:
    """Return MODEL_FORGE; refuse a value that belongs to it and stands alone."""
    forge: str | None = info.data.get("model_forge")
    if value and forge is None and "model_forge" in info.data:
        raise fault("is set without MODEL_FORGE.", "set MODEL_FORGE, or remove it")
    return forge


def _local_file(text: str) -> Path:
    try:
        path = Path(text).expanduser()
        file = path if path.exists() else _PROJECT / path
        if file.is_dir():
            raise fault("is a folder.", "name the file")
        size = file.stat().st_size if file.is_file() else None
    except (OSError, RuntimeError):  # RuntimeError: nobody's home
        size = None
    if size is None:
        raise fault("is no file here.", "correct the path; or, for a model, s3:// or https://")
    if size > MOST_BYTES:
        raise fault(
            f"has {size / 1024**2:.0f} MiB; {MOST_BYTES // 1024**2} travel to the host at most.",
            f"upload it: MODEL_FORGE={_EXAMPLE} and MODEL_SHA256",
        )
    return file.resolve()


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise fault(f"cannot be read: {error.strerror}.", f"check the rights of {file}") from None


def _text(file: Path) -> str:
    try:
        return _content(file).decode()
    except UnicodeDecodeError:
        raise fault("is not UTF-8 text.", "name a requirements file") from None
