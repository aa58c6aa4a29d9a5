"""The archive that the host fetches, as an object in S3."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cdktf import App, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

_FOLDER = "build-contexts"


class HostArchive(Construct):
    """An archive in a bucket, named after its digest: another content is another object.

    The archive lies beside the synthesized stacks (``cdktf.out``); Terraform uploads it from there.

    Args:
        bucket: the bucket's name.
        provider: the provider of the bucket's region; None: the stack's own.

    Attributes:
        sha256: the archive's digest.
        uploaded: the object; a host that fetches the archive depends on it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        bucket: str,
        key_prefix: str,
        content: bytes,
        provider: AwsProvider | None,
    ) -> None:
        super().__init__(scope, id_)
        self.sha256 = hashlib.sha256(content).hexdigest()
        name = f"{self.sha256}.tar"
        folder = Path(App.of(self).outdir) / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        self.uploaded = S3Object(
            self,
            "object",
            bucket=bucket,
            key=f"{key_prefix}/{name}",
            source=f"${{path.module}}/../../{_FOLDER}/{name}",
            content_type="application/x-tar",
            # S3's own key: by the bucket's default it may be one that the host's role cannot use.
            server_side_encryption="AES256",
            provider=provider,
            # A host that is being replaced may still fetch the old one.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
