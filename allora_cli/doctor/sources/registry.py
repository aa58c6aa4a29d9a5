"""Look up an image in its registry.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from allora_cli.doctor.sources.errors import NotPublicError, SourceError
from allora_cli.doctor.sources.http import answer_of
from shared.loopback import is_loopback

_MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
_MAX_BYTES: Final = 4_000_000
"""The specification's advice for manifests."""

_DOCKER_HUB: Final = {"docker.io", "index.docker.io"}
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Reference:
    """An image's place.

    Attributes:
        registry: host and port.
        name: of the repository.
        version: a tag or a digest.
    """

    registry: str
    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return the place that Docker gives to a reference.

        https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed
        """
        path, _, digest = text.partition("@")
        registry, slash, name = path.partition("/")
        if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
            registry, name = "docker.io", path
        name, _, tag = name.partition(":")
        if registry in _DOCKER_HUB:
            registry = "registry-1.docker.io"
            name = name if "/" in name else f"library/{name}"
        return cls(registry, name, digest or tag or "latest")


def architectures(reference: str) -> frozenset[str]:
    """Return the architectures that an image for Linux exists for, such as amd64 and arm64.

    Raises:
        MissingError: There is no such image.
        NotPublicError: It needs a login, or does not exist.
        SourceError: There is no usable answer.
    """
    place = Reference.parse(reference)
    registry = _Registry(place)
    try:
        manifest = registry.get(f"manifests/{place.version}")
        if "manifests" in manifest:
            platforms = [each.get("platform", {}) for each in manifest["manifests"]]
            return frozenset(
                each["architecture"] for each in platforms if each.get("os") == "linux"
            )
        return frozenset({registry.get(f"blobs/{manifest['config']['digest']}")["architecture"]})
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"is not known: {place.registry} answers with no manifest") from error


class _Registry:
    """One repository of a registry, with the token that the registry gives to everybody."""

    def __init__(self, place: Reference) -> None:
        scheme = "http" if is_loopback(f"//{place.registry}") else "https"
        self._url = f"{scheme}://{place.registry}/v2/{place.name}"
        self._token = ""

    def get(self, path: str) -> dict[str, Any]:
        """Return a JSON document."""
        try:
            return self._get(f"{self._url}/{path}")
        except NotPublicError as error:
            if self._token:
                raise
            self._token = self._anonymous_token(error)
            return self._get(f"{self._url}/{path}")

    def _get(self, url: str) -> dict[str, Any]:
        request = urllib.request.Request(url, headers={"Accept": _MANIFESTS})  # noqa: S310
        if self._token:
            # Not for the storage that a registry refers to.
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        return _document(request)

    def _anonymous_token(self, refusal: NotPublicError) -> str:
        """Return a token for pulling (https://distribution.github.io/distribution/spec/auth/token)."""
        cause = refusal.__cause__
        if not isinstance(cause, urllib.error.HTTPError):
            raise refusal
        scheme, _, parameters = cause.headers.get("WWW-Authenticate", "").partition(" ")
        wanted = dict(_CHALLENGE.findall(parameters))
        realm = wanted.pop("realm", "")
        if scheme.lower() != "bearer" or not (realm.startswith("https://") or is_loopback(realm)):
            raise refusal
        query = urlencode({key: wanted[key] for key in ("service", "scope") if key in wanted})
        answer = _document(urllib.request.Request(f"{realm}?{query}"))  # noqa: S310
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            raise refusal
        return token


def _document(request: urllib.request.Request) -> dict[str, Any]:
    with answer_of(request) as answer:
        document = json.loads(answer.read(_MAX_BYTES))
    if not isinstance(document, dict):
        raise SourceError(f"is not known: {request.host} does not answer with a JSON object")
    return document
