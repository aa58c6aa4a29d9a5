"""What AWS is asked for, as the requests say it in each of its protocols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        headers: by their names in small letters.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether it wants its answer in JSON."""
        return "x-amz-target" in self.headers

    @property
    def action(self) -> str:
        """Its name, such as `RunInstances`; the path of one to S3, which has no name."""
        if self.is_json:
            return self.headers["x-amz-target"].rpartition(".")[2]
        return parse_qs(self.body.decode("latin-1")).get("Action", [self.path])[0]

    @property
    def permission(self) -> str:
        """The action that IAM knows it by, such as `s3:GetObject`.

        https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
        """
        credential = r"Credential=[^/]+/\d+/[^/]+/([^/]+)/"
        found = re.search(credential, self.headers.get("authorization", ""))
        assert found, self
        service = {"monitoring": "cloudwatch"}.get(found[1], found[1])
        name = self._of_s3() if service == "s3" else self.action
        return f"{service}:{name}"

    def _of_s3(self) -> str:
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        if "/" not in url.path.strip("/"):
            return "ListBucketVersions" if "versions" in query else "ListBucket"
        what = "Object" + ("Tagging" if "tagging" in query else "")
        if self.method == "DELETE" and "versionId" in query:
            what += "Version"
        verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}[self.method]
        return f"{verb}{what}"
