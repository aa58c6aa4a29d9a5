"""The model server: its source and its environment."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import ValidationInfo, field_validator

from containers.model_server.model_server import settings as own_model
from containers.worker.allora_worker import contract
from settings.checks import comma_list, whole_number
from settings.command_words import command_words
from settings.env_file import parse_env_text
from settings.errors import fault, warn
from settings.example_model import EXAMPLE_COMMAND, EXAMPLE_REPO, is_example
from settings.fit import runs_own_model
from settings.secret_rules import assigned_secrets, is_secret_name, remedy_for_model, secret_kind
from settings.sections.images import Image, warn_of_moving_image
from settings.shown import shown
from settings.variable import Section, variable

_REF_FORBIDDEN = re.compile(r"\.\.|//|@\{|(?:^|/)\.|^[-/]|(?:\.lock|\.|/)$|\.lock/|^@$")
"""https://git-scm.com/docs/git-check-ref-format"""

_MOST_SECRETS = 50
"""With the longest names, the role's policy then keeps IAM's limit of 10,240 characters.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_MOST_OF_SECRET = 64

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ModelServerSettings(Section):
    """The section "Model server"."""

    model_port: Annotated[int, whole_number(1, 65535)] = variable(
        "MODEL_PORT",
        "The port that the model server listens on inside its container.",
        default=contract.MODEL_PORT,
        example="8080",
    )
    model_repo: str | None = variable(
        "MODEL_REPO",
        "A public git repository with a Dockerfile that is built on the host: an https URL.",
        default=None,
        default_text="the project's own model (docs/model.md)",
        example=EXAMPLE_REPO,
    )

    @field_validator("model_repo", mode="before")
    @classmethod
    def _repository_url(cls, text: str) -> str:
        if "/tree/" in text or "/blob/" in text:
            raise fault(
                "is the page of a branch or a file.",
                f"the repository alone, as in {EXAMPLE_REPO}, and MODEL_REF",
            )
        parts = contract.url(text, ("https",), example=EXAMPLE_REPO)
        if (
            not parts.path.strip("/")
            or parts.query
            or not re.fullmatch(r"[A-Za-z0-9._~/%+-]+", parts.path)
        ):
            raise fault("is not the URL of a git repository.", f"as in {EXAMPLE_REPO}")
        return text

    model_ref: str | None = variable(
        "MODEL_REF",
        "The branch, tag or commit (all 40 digits) of that repository.",
        default=None,
        default_text="the repository's default branch",
        example="v1.2.0",
        check_default=True,
    )

    @field_validator("model_ref")
    @classmethod
    def _git_ref(cls, ref: str | None) -> str | None:
        """Refuse anything else, above all options of git."""
        if ref and (
            not re.fullmatch(r"[A-Za-z0-9._/@+#=-]{1,255}", ref) or _REF_FORBIDDEN.search(ref)
        ):
            raise fault(
                "is not the name of a branch, a tag or a commit.",
                "as in v1.2.0, or 40 digits of a commit",
            )
        return ref

    @field_validator("model_ref")
    @classmethod
    def _pins_the_repository(cls, ref: str | None, info: ValidationInfo) -> str | None:
        repo = info.data.get("model_repo", "wrong")
        if ref and not repo:
            raise fault("is set without MODEL_REPO.", "set MODEL_REPO, or remove it")
        if ref and re.fullmatch(r"(?=.*[0-9])[0-9a-f]{7,39}", ref):
            warn(
                info,
                f"{ref} looks like a part of a commit's number, which git servers do not accept.",
                "write all 40 digits: git rev-parse " + ref,
            )
        if repo and not ref:
            warn(
                info,
                "the repository's default branch is built, whatever is in it on that day.",
                "pin it: set MODEL_REF to a tag or a commit",
                "MODEL_REPO",
            )
        return ref

    model_image: Image | None = variable(
        "MODEL_IMAGE",
        "An image of a model server, in place of `MODEL_REPO`; best by digest.",
        default=None,
        default_text="none",
        example="ghcr.io/you/model:1.4.0",
    )

    @field_validator("model_image")
    @classmethod
    def _instead_of_a_repository(cls, image: str, info: ValidationInfo) -> str:
        warn_of_moving_image(image, info)
        if info.data.get("model_repo"):
            raise fault("is set together with MODEL_REPO.", "remove one of the two")
        return image

    model_command: str | None = variable(
        "MODEL_COMMAND",
        "The command of the model's container, in place of its image's own: a program and its "
        "arguments, quoted as for a shell. No shell runs it; for `&&`, `$NAME` or `cd`, start one "
        'yourself: `sh -c "cd /app && exec python app.py"`.',
        default=None,
        default_text="that of the image",
        example=EXAMPLE_COMMAND,
        check_default=True,
    )

    @field_validator("model_command", mode="before")
    @classmethod
    def _words_without_secrets(cls, text: str | None) -> str | None:
        if text is None:
            return None
        if secrets := assigned_secrets(text):
            raise fault(
                f"sets {' and '.join(secrets)}: by name, a secret.", remedy_for_model(secrets)
            )
        command_words(text)
        return text

    @field_validator("model_command")
    @classmethod
    def _starts_the_example(cls, command: str | None, info: ValidationInfo) -> str | None:
        if command is None and is_example(info.data.get("model_repo")):
            warn(
                info,
                "the Dockerfile of this repository starts nothing that is there.",
                f"MODEL_COMMAND='{EXAMPLE_COMMAND}'",
                "MODEL_REPO",
            )
        return command

    model_env: Mapping[str, str] = variable(
        "MODEL_ENV_VARS",
        "The environment of the model server: `KEY=VALUE` lines, never a secret (see below).",
        default_factory=lambda _: MappingProxyType({}),
        default_text="empty",
        example="'TOKEN=\"ETH\"'",
    )

    @field_validator("model_env", mode="plain")
    @classmethod
    def _variables(cls, text: str) -> Mapping[str, str]:
        """Parse the variables, byte for byte; refuse secret ones with a value."""
        parsed = parse_env_text(text)
        if parsed.problems or "\0" in text:
            line = (
                parsed.problems[0].line
                if parsed.problems
                else text[: text.index("\0")].count("\n") + 1
            )
            raise fault(
                f"is not KEY=VALUE lines: see line {line} of the value.",
                "one KEY=VALUE a line, quoted by \" when the whole is quoted by '",
            )
        names = [entry.key for entry in parsed.entries]
        for name in names:
            if not _VARIABLE_NAME.fullmatch(name) or secret_kind(name):
                raise fault(
                    f"has {shown(name)}, which is not a name for a variable.", "letters, digits, _"
                )
            if names.count(name) > 1:
                raise fault(f"sets {name} twice.", "remove one of them")
        secrets = [
            entry.key
            for entry in parsed.entries
            if (is_secret_name(entry.key) and entry.value) or secret_kind(entry.value)
        ]
        if secrets:
            raise fault(
                f"holds {' and '.join(secrets)}: by name or look, a secret.",
                remedy_for_model(secrets),
            )
        return MappingProxyType(
            {entry.key: entry.value for entry in parsed.entries if not is_secret_name(entry.key)}
        )

    @field_validator("model_env")
    @classmethod
    def _understood_by_the_own_model(
        cls, environment: Mapping[str, str], info: ValidationInfo
    ) -> Mapping[str, str]:
        if not runs_own_model(info.data):
            return environment
        try:
            port = own_model.read_settings(environment).port
        except own_model.SettingsError as error:
            raise fault(
                f"has a value for {error.variable} that the project's own model refuses.",
                f"{error.variable}: {error.remedy}",
            ) from None
        if environment.get("PORT") and port != info.data.get("model_port", port):
            raise fault("sets PORT to another port than MODEL_PORT.", "remove it there")
        return environment

    model_secrets: tuple[str, ...] = variable(
        "MODEL_SECRETS",
        "Names of secret variables for the model server, separated by commas. "
        "The values are set with `allora secret set model/<NAME>`. At most 50 names of at most "
        "64 characters.",
        default=(),
        default_text="none",
        example="CG_API_KEY",
    )

    @field_validator("model_secrets", mode="before")
    @classmethod
    def _names_alone(cls, text: str) -> tuple[str, ...]:
        # Before comma_list, whose messages repeat items: one may be a secret, put here by mistake.
        if not all(_VARIABLE_NAME.fullmatch(name.strip()) for name in text.split(",")):
            raise fault(
                "is not a list of variable names.",
                "names only, never values, as in CG_API_KEY,DB_URL",
            )
        return comma_list(text)

    @field_validator("model_secrets")
    @classmethod
    def _fit_into_role(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) > _MOST_SECRETS:
            raise fault(
                f"has {len(names)} names; the host's role takes {_MOST_SECRETS}.",
                "put several values into one secret, as JSON",
            )
        for name in names:
            if len(name) > _MOST_OF_SECRET:
                raise fault(
                    f"has a name of {len(name)} characters; at most {_MOST_OF_SECRET} are allowed.",
                    "a shorter name",
                )
        return names

    @field_validator("model_secrets")
    @classmethod
    def _not_settings(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for name in names:
            if name in info.data.get("model_env", {}):
                raise fault(f"names {name}, which is in MODEL_ENV_VARS as well.", "remove it there")
        return names

    @field_validator("model_repo", "model_image", "model_command")
    @classmethod
    def _instead_of_a_forge_model(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("model_forge"):
            raise fault(
                "is set together with MODEL_FORGE, which is served by itself.",
                "remove one of the two",
            )
        return value

    @property
    def runs_own_model(self) -> bool:
        """Whether the project's own model runs, rather than one of the settings."""
        return runs_own_model(vars(self))
