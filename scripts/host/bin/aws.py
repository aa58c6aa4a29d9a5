"""Sign requests to AWS as the instance's role, with the standard library alone.

Credentials never leave the process.
"""

import hashlib
import hmac
import http.client
import json
import os
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any, NamedTuple

IMDS = (os.environ.get("IMDS_ENDPOINT") or "http://169.254.169.254") + "/latest"
TIMEOUT = 10  # seconds without a byte


class RefusedError(Exception):
    """AWS answered with an error; `code` is its name, such as AccessDenied."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


# May be transient: no network, no credentials, or a policy not yet in force.
FAILURES = (RefusedError, OSError, LookupError, ValueError, http.client.HTTPException)


def reason(failure: Exception) -> str:
    """Return why a request failed, as a part of a sentence."""
    return str(failure).rstrip(".") or type(failure).__name__


def metadata(path: str) -> str:
    """Return a value of instance metadata.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    ask = urllib.request.Request(f"{IMDS}/api/token", headers=ttl, method="PUT")  # noqa: S310
    with direct.open(ask, timeout=TIMEOUT) as answer:
        token = {"X-aws-ec2-metadata-token": answer.read().decode()}
    ask = urllib.request.Request(f"{IMDS}/meta-data/{path}", headers=token)  # noqa: S310
    with direct.open(ask, timeout=TIMEOUT) as answer:
        text: str = answer.read().decode()
        return text


class Service(NamedTuple):
    """An AWS service, such as s3, in a region."""

    name: str
    region: str

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
        """Send a signed request and return the response's body.

        Raises:
            As `open` does.
        """
        with self.open(method, path, headers, body) as answer:
            return answer.read()

    def open(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> http.client.HTTPResponse:
        """Send a signed request and return the response, to be read and closed.

        Raises:
            RefusedError: AWS answered with an error.
            OSError, LookupError, ValueError, HTTPException: No response, or no credentials.
        """
        domain = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        own = f"https://{self.name}.{self.region}.{domain}"
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or own
        role = metadata("iam/security-credentials/").split()[0]
        credentials = json.loads(metadata(f"iam/security-credentials/{role}"))
        headers = headers | {
            "host": endpoint.partition("://")[2],
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-security-token": credentials["Token"],
        }
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
        credential, signature = self._sign(canonical, headers["x-amz-date"], credentials)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, "
            f"Signature={signature}"
        )
        ask = urllib.request.Request(  # noqa: S310
            endpoint + path, body or None, headers, method=method
        )
        try:
            answer: http.client.HTTPResponse = urllib.request.urlopen(ask, timeout=TIMEOUT)  # noqa: S310
        except urllib.error.HTTPError as error:
            raise refusal(error) from error
        return answer

    def call(
        self, target: str, arguments: dict[str, Any], headers: dict[str, str] | None = None
    ) -> bytes:
        """Call an operation of a JSON service and return the response's body.

        Raises:
            As `request` does.
        """
        json_headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        body = json.dumps(arguments).encode()
        return self.request("POST", "/", json_headers | (headers or {}), body)

    def _sign(self, canonical: str, now: str, credentials: dict[str, str]) -> tuple[str, str]:
        """Return the credential scope and version 4 signature of a canonical request.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
        """
        parts = [now[:8], self.region, self.name, "aws4_request"]
        scope = "/".join(parts)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
        key = f"AWS4{credentials['SecretAccessKey']}".encode()
        for part in (*parts, text):
            key = hmac.digest(key, part.encode(), "sha256")
        return f"{credentials['AccessKeyId']}/{scope}", key.hex()


def refusal(error: urllib.error.HTTPError) -> RefusedError:
    """Return AWS's error, parsed from JSON or S3's XML."""
    with error:
        text = error.read().decode(errors="replace")
    code = re.search(r'"__type": *"(?:[^"]*#)?(\w+)"|<Code>(\w+)</Code>', text)
    if code is None:
        return RefusedError(f"HTTP {error.code}", error.reason)
    message = re.search("<Message>(.*?)</Message>", text, re.DOTALL)
    return RefusedError(code[1] or code[2], message[1] if message else text)


def get_object(region: str, bucket: str, key: str) -> bytes:
    """Return an S3 object.

    Raises:
        As `Service.request` does.
    """
    with open_object(region, bucket, key) as answer:
        return answer.read()


def open_object(region: str, bucket: str, key: str) -> http.client.HTTPResponse:
    """Return an S3 object, to be read and closed.

    Raises:
        As `Service.open` does.
    """
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {"x-amz-content-sha256": nothing}
    return Service("s3", region).open("GET", f"/{bucket}/{key}", headers)


class LogStream(NamedTuple):
    """A CloudWatch log stream."""

    region: str
    group: str
    name: str

    def put(self, events: list[dict[str, Any]], log_format: str | None = None) -> None:
        """Send events; create the stream if it is missing.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html

        Raises:
            As `Service.request` does.
        """
        try:
            self._call("PutLogEvents", log_format, logEvents=events)
        except RefusedError as error:
            if error.code != "ResourceNotFoundException":
                raise
            self._call("CreateLogStream", log_format)
            self._call("PutLogEvents", log_format, logEvents=events)

    def _call(self, action: str, log_format: str | None, **arguments: object) -> None:
        headers = {"x-amzn-logs-format": log_format} if log_format else {}
        where = {"logGroupName": self.group, "logStreamName": self.name}
        Service("logs", self.region).call(f"Logs_20140328.{action}", where | arguments, headers)
