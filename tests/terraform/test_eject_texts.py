"""Terraform reads in the HCL the texts that were in the JSON, and makes the same user data."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from devtools.eject.blocks import NO_BLOCKS, block
from devtools.eject.expressions import Hcl, write
from devtools.eject.templates import literally
from devtools.eject.user_data import with_readable_user_data
from tests.terraform.conftest import Terraform
from user_data.cloud_config import HostFile, encode_user_data, render_cloud_config

DIGEST = "0123456789abcdef" * 4


def test_texts_stay_what_they_are(tmp_path: Path, terraform: Terraform) -> None:
    chance = random.Random(random.getrandbits(32))  # pytest-randomly prints the seed of `random`
    texts = {"".join(chance.choices("$%{}~\\\"' \n\n\tab\r\x7fé", k=12)) for _ in range(800)}
    texts |= {f"{text}\n" for text in sorted(texts)[:100]}
    expected = {f"text-{number}": text for number, text in enumerate(sorted(texts))}
    outputs = (
        f'output "{name}" {{\n  value = {write(literally(text), 1)}\n}}\n'
        for name, text in expected.items()
    )
    (tmp_path / "main.tf").write_text("".join(outputs), newline="")
    assert terraform.outputs(tmp_path) == expected


def test_the_user_data_has_the_same_digest(tmp_path: Path, terraform: Terraform) -> None:
    odd = "<a> & \\u003c \\\\u003e \\n ${x} %{y} é … \x7f 😀 \u2028 \t \"'"
    text = render_cloud_config(
        [
            HostFile("/etc/allora/host.env", f"ODD='{odd}'\nARCHIVE_SHA256={DIGEST}\n"),
            HostFile("/opt/start.py", f"{odd}\n\n{odd}", executable=True),
        ],
        command=("systemctl", "start", "a&b.service"),
    )
    encoded = encode_user_data(text)
    stack = {
        "resource": {
            "aws_instance": {"host": {"user_data_base64": encoded.base64}},
            "terraform_data": {"by": {"input": {"user_data_sha256": encoded.text_sha256}}},
        }
    }
    made = with_readable_user_data(stack, DIGEST)
    for path, content in made.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8", newline="")
    blocks = (
        block("locals", made.locals, NO_BLOCKS),
        block('variable "archive_sha256"', {"default": DIGEST}, NO_BLOCKS),
        block('output "digest"', {"value": Hcl("sha256(local.user_data)")}, NO_BLOCKS),
    )
    (tmp_path / "main.tf").write_text("".join(blocks), encoding="utf-8")
    digest = terraform.outputs(tmp_path)["digest"]
    assert digest == hashlib.sha256(text.encode()).hexdigest()
    assert odd in made.files["user-data/opt/start.py"]
    assert DIGEST not in made.files["user-data/etc/allora/host.env"]
