"""The instance metadata service, version 2 alone.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.host.web import Request, Response

_MAC = "02:00:0a:00:00:0a"
_MAX_TTL = 21600
_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
_VERSION = re.compile(r"/(latest|[0-9]{4}-[0-9]{2}-[0-9]{2})/(.*)")


@dataclass
class InstanceMetadata:
    """What an instance is told about itself.

    Attributes:
        credentials: makes the role's keys: AccessKeyId, SecretAccessKey, Token.
        has_profile: whether the role's keys are there yet.
        asked: the paths that were read, in order.
    """

    instance_id: str
    region: str
    role: str
    user_data: bytes
    tags: Mapping[str, str]
    credentials: Callable[[], Mapping[str, str]]
    has_profile: bool = True
    asked: list[str] = field(default_factory=list)
    _tokens: dict[str, float] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response:
        """Answers a request, as a site."""
        match = _VERSION.fullmatch(request.path)
        if match is None:
            return Response(404)
        path = match[2].rstrip("/")
        if request.method == "PUT" and path == "api/token":
            return self._token(request)
        token = request.headers.get("x-aws-ec2-metadata-token", "")
        if self._tokens.get(token, 0) < time.time():
            return Response(401)
        self.asked.append(path)
        return self._value(path)

    def _token(self, request: Request) -> Response:
        # A proxy that passes requests on would say so; AWS refuses those.
        if "x-forwarded-for" in request.headers:
            return Response(403)
        ttl = int(request.headers.get(_TTL_HEADER) or 0)
        if not 1 <= ttl <= _MAX_TTL:
            return Response(400)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.time() + ttl
        return Response(200, token.encode(), {_TTL_HEADER: str(ttl)})

    def _value(self, path: str) -> Response:
        if path == "user-data":
            return Response(200, self.user_data)
        tree = self._tree()
        if not self.has_profile:
            tree = {name: text for name, text in tree.items() if "/iam/" not in name}
        if path in tree:
            return Response(200, tree[path].encode())
        below = f"{path}/" if path else ""
        children = {
            name.removeprefix(below).partition("/")
            for name in tree
            if name.startswith(below) and name != path
        }
        if not children:
            return Response(404)
        listing = sorted({f"{child}{slash}" for child, slash, _ in children})
        return Response(200, "\n".join(listing).encode())

    def _tree(self) -> dict[str, str]:
        zone = f"{self.region}a"
        interface = f"meta-data/network/interfaces/macs/{_MAC}"
        document = {
            "instanceId": self.instance_id,
            "region": self.region,
            "availabilityZone": zone,
            "accountId": "123456789012",
            "architecture": "x86_64",
            "privateIp": "10.0.0.10",
        }
        return {
            "dynamic/instance-identity/document": json.dumps(document),
            "meta-data/ami-id": "ami-0123456789abcdef0",
            "meta-data/hostname": "ip-10-0-0-10.ec2.internal",
            "meta-data/instance-id": self.instance_id,
            "meta-data/instance-life-cycle": "on-demand",
            "meta-data/instance-type": "t3.medium",
            "meta-data/local-hostname": "ip-10-0-0-10.ec2.internal",
            "meta-data/local-ipv4": "10.0.0.10",
            "meta-data/mac": _MAC,
            "meta-data/placement/availability-zone": zone,
            "meta-data/placement/region": self.region,
            "meta-data/security-groups": "allora",
            f"{interface}/device-number": "0",
            f"{interface}/local-ipv4s": "10.0.0.10",
            f"{interface}/mac": _MAC,
            f"{interface}/subnet-ipv4-cidr-block": "10.0.0.0/24",
            "meta-data/iam/info": json.dumps({"Code": "Success"}),
            f"meta-data/iam/security-credentials/{self.role}": self._role_credentials(),
            **{f"meta-data/tags/instance/{name}": value for name, value in self.tags.items()},
        }

    def _role_credentials(self) -> str:
        now = datetime.now(UTC)
        return json.dumps(
            {
                "Code": "Success",
                "Type": "AWS-HMAC",
                "LastUpdated": _timestamp(now),
                "Expiration": _timestamp(now + timedelta(hours=6)),
                **self.credentials(),
            }
        )


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
