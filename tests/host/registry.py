"""A registry of container images, for pulling only.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.host.web import Request, Response

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_PULL = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+)")


@dataclass(frozen=True)
class Image:
    """An image of one layer, in a directory with a file for each blob, named by its digest."""

    directory: Path

    @property
    def manifest(self) -> bytes:
        """Its manifest."""
        return (self.directory / "manifest.json").read_bytes()


def write_image(tar: Path, directory: Path, config: Mapping[str, Any]) -> None:
    """Makes an image of a file system.

    Args:
        tar: the file system; it is removed.
        directory: where the image goes.
        config: the image's own environment, command and so on.
    """
    directory.mkdir()
    content = tar.read_bytes()
    tar.unlink()
    layer = gzip.compress(content, compresslevel=1, mtime=0)
    description = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [_digest(content)]},
        "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "mmdebstrap"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _blob(directory, json.dumps(description).encode(), _CONFIG),
        "layers": [_blob(directory, layer, _LAYER)],
    }
    (directory / "manifest.json").write_text(json.dumps(manifest))


def _blob(directory: Path, content: bytes, media_type: str) -> dict[str, Any]:
    (directory / _digest(content)).write_bytes(content)
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """Serves images by name and tag, such as ``library/python:3.13-slim``, or by digest.

    Attributes:
        pulled: names and references of the manifests that somebody got.
    """

    def __init__(self, images: Mapping[str, Image]) -> None:
        self._images = images
        self.pulled: list[str] = []

    def __call__(self, request: Request) -> Response:
        if request.path == "/v2/":
            return Response(200, b"{}", {"Docker-Distribution-API-Version": "registry/2.0"})
        match = _PULL.fullmatch(request.path)
        if match is None:
            return Response(404)
        if match["kind"] == "manifests":
            return self._manifest(match["name"], match["reference"])
        return self._content(match["reference"])

    def _manifest(self, name: str, reference: str) -> Response:
        for known, image in self._images.items():
            digest = _digest(image.manifest)
            if known == f"{name}:{reference}" or reference == digest:
                self.pulled.append(f"{name}:{reference}")
                headers = {"Content-Type": _MANIFEST, "Docker-Content-Digest": digest}
                return Response(200, image.manifest, headers)
        return Response(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    def _content(self, digest: str) -> Response:
        for image in self._images.values():
            file = image.directory / digest
            if digest.startswith("sha256:") and file.exists():
                return Response(200, file.read_bytes(), {"Docker-Content-Digest": digest})
        return Response(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
