"""Look for a model of the Forge kit where the host fetches it."""

from __future__ import annotations

import urllib.request

from allora_cli.doctor.findings import Finding, fail, ok, unknown
from allora_cli.doctor.sources.errors import MissingError, NotPublicError, SourceError
from allora_cli.doctor.sources.http import answer_of
from settings import Settings


def check_forge_model(settings: Settings) -> Finding:
    """Check that a public address has the file; only the host's role reads one in S3."""
    url = settings.forge_url
    if url is None:
        return ok(f"{settings.model_forge} goes with the host's archive")
    if settings.forge_object:
        return ok(f"{url}, which the host reads with its role")
    try:
        with answer_of(urllib.request.Request(url, method="HEAD")):  # noqa: S310 - https alone
            return ok(f"{url} is there")
    except MissingError as error:
        return fail(f"{url} {error}", "correct MODEL_FORGE")
    except NotPublicError as error:
        return fail(
            f"{url} {error}: the host fetches without a login",
            "correct MODEL_FORGE, or put the file into S3: MODEL_FORGE=s3://…",
        )
    except SourceError as error:
        return unknown(f"{url} {error}")
