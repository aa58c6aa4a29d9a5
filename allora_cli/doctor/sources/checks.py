"""Checks of what the host fetches: the model's repository, and images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, Verdict, fail, ok, unknown
from allora_cli.doctor.sources.errors import MissingError, NotPublicError, SourceError
from allora_cli.doctor.sources.forge import check_forge_model
from allora_cli.doctor.sources.registry import architectures
from allora_cli.doctor.sources.repository import NoSuchRefError, find_commit
from settings import Settings
from settings.sections.worker import DEFAULT_PYTHON_IMAGE

_PLATFORMS: Final[Mapping[str, str]] = {"x86_64": "amd64", "arm64": "arm64"}
"""What registries call an architecture
(https://github.com/opencontainers/image-spec/blob/main/image-index.md)."""

_GRAVITY: Final = (Verdict.OK, Verdict.UNKNOWN, Verdict.FAIL)

_NO_LOGIN: Final = "the host fetches without a login"


class Wanted(NamedTuple):
    """An image that is pulled.

    Attributes:
        variable: the setting that names it.
        reference: its name.
        architecture: of the processor that it runs on.
        chooser: the setting that decides the architecture.
    """

    variable: str
    reference: str
    architecture: str
    chooser: str


def check_model_source(context: CheckContext) -> Finding:
    """Check that the model's repository is public, and has what MODEL_REF names.

    Of a model of the Forge kit, check that its address has the file.
    """
    settings = context.settings
    return check_forge_model(settings) if settings.model_forge else _check_repository(settings)


def _check_repository(settings: Settings) -> Finding:
    repo, ref = settings.model_repo, settings.model_ref
    if repo is None:
        what = "an image" if settings.model_image else "the project's own model"
        return ok(f"{what}: no repository")
    try:
        commit = find_commit(repo, ref)
    except NoSuchRefError as error:
        return fail(
            f"{repo} {error}", "correct MODEL_REF: a branch, a tag, or all 40 digits of a commit"
        )
    except MissingError as error:
        return fail(f"{repo} {error}", "correct MODEL_REPO")
    except NotPublicError as error:
        return fail(
            f"{repo} {error}: {_NO_LOGIN}",
            "correct MODEL_REPO, or make the repository public; or publish an image: MODEL_IMAGE",
        )
    except SourceError as error:
        return unknown(f"{repo} {error}")
    return ok(f"{ref or 'the default branch'} of {repo} is {commit[:12]}", commit=commit)


def check_images(context: CheckContext) -> Finding:
    """Check that the images of the settings are public, and fit the host's architecture."""
    settings = context.settings
    wanted = [
        Wanted(variable, reference, settings.architecture, "AWS_INSTANCE_TYPE")
        for variable, reference in images_in(settings)
    ]
    if not wanted:
        return ok("the project's own, built on the host")
    return check_wanted(wanted)


def check_wanted(wanted: Sequence[Wanted], also: str = "", **more: Any) -> Finding:  # noqa: ANN401
    """Check that images are public, and fit where they run.

    Args:
        wanted: at least one.
        also: what else there is to say.
        more: further facts.
    """
    findings = [_image(each) for each in wanted]
    worst = max(findings, key=lambda finding: _GRAVITY.index(finding.verdict))
    same = [each for each in findings if each.verdict is worst.verdict]
    facts = {"images": [dict(each.facts) for each in findings], **more}
    return Finding(
        worst.verdict,
        "; ".join([*(each.detail for each in same), *([also] if also else [])]),
        "\n".join(each.remedy for each in same if each.remedy),
        facts,
    )


def images_in(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the images that the settings name, by variable."""
    if settings.worker_image:
        yield "ALLORA_WORKER_IMAGE", settings.worker_image
    if settings.model_image:
        yield "MODEL_IMAGE", settings.model_image
    if settings.python_image != DEFAULT_PYTHON_IMAGE:
        yield "ALLORA_PYTHON_IMAGE", settings.python_image


def _image(wanted: Wanted) -> Finding:
    variable, reference, architecture, chooser = wanted
    facts = {"setting": variable, "image": reference}
    try:
        found = architectures(reference)
    except MissingError as error:
        return fail(f"{reference} {error}", f"correct {variable}", **facts)
    except NotPublicError as error:
        return fail(
            f"{reference} {error}: {_NO_LOGIN}",
            f"correct {variable}, or make the image public",
            **facts,
        )
    except SourceError as error:
        return unknown(f"{reference} {error}", **facts)
    facts["architectures"] = ", ".join(sorted(found))
    if _PLATFORMS[architecture] not in found:
        return fail(
            f"{reference} is for {facts['architectures'] or 'no Linux'}, and would run on "
            f"{_PLATFORMS[architecture]}",
            f"build it for {_PLATFORMS[architecture]} too: docker buildx build --platform; "
            f"or another {chooser}",
            **facts,
        )
    return ok(f"{reference} exists for {_PLATFORMS[architecture]}", **facts)
