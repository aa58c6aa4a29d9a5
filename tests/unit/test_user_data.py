"""User data: what is written at synth arrives on the host byte for byte, and it fits."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import shlex
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unpacked import read_files, unpack
from user_data.cloud_config import (
    HostFile,
    UserDataTooLargeError,
    encode_user_data,
    render_cloud_config,
    render_environment,
)

AWKWARD = {
    "QUOTES": """it's "quoted" `here`""",
    "DOLLAR": "$HOME ${HOME} $(id) $$ %{if}",
    "HASH": "a # b #c",
    "BACKSLASHES": r"C:\new\table\\",
    "LINES": "first\nsecond\n\nlast\n",
    "ACCENTS": "naïve ☕ 日本 🚀",
    "BREAKS": "a\x85b\u2028c\u2029d\re\tf\x0bg",
    "CONTROLS": "\x01\x1b[31m\x7f\ufeff\uffff",
    "EMPTY": "",
    "SPACES": "  around  ",
    "LOOKS_LIKE_AN_OPTION": "-n",
}
FILES = [HostFile(f"/etc/allora/{name}", value) for name, value in AWKWARD.items()] + [
    HostFile("/opt/program", "#!/bin/sh\n", executable=True)
]


def test_files_can_be_read_as_they_were_written() -> None:
    encoded = encode_user_data(render_cloud_config(FILES, command=["/opt/program"]))
    assert read_files(encoded.base64) == FILES


def test_cloud_init_reads_yaml_and_finds_the_same() -> None:
    text = render_cloud_config(FILES, command=["/opt/program"])
    assert text.startswith("#cloud-config\n")
    document: dict[str, Any] = yaml.safe_load(text)
    assert document == json.loads(text.removeprefix("#cloud-config\n"))
    assert [file["content"] for file in document["write_files"]] == [f.content for f in FILES]
    assert document["runcmd"] == [["/opt/program"]]


def test_only_programs_can_be_run(tmp_path: Path) -> None:
    files = [HostFile("/bin/program", "#!/bin/sh\n", executable=True), HostFile("/etc/text", "x\n")]
    text = render_cloud_config(files, command=["/bin/program", "-x"])
    document = yaml.safe_load(text)
    assert [file["permissions"] for file in document["write_files"]] == ["0755", "0644"]
    assert document["runcmd"] == [["/bin/program", "-x"]]
    unpack(encode_user_data(text).base64, tmp_path)
    assert (tmp_path / "bin/program").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "etc/text").stat().st_mode & 0o777 == 0o644


def test_variables_arrive_byte_for_byte_in_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "host.env"
    file.write_text(render_environment(AWKWARD), encoding="utf-8", newline="")
    for name, value in AWKWARD.items():
        script = f'set -u; . {shlex.quote(str(file))}; printf %s "${name}"'
        result = subprocess.run(["bash", "-c", script], check=True, capture_output=True)
        assert result.stdout == value.encode(), name


@pytest.mark.parametrize("name", ["A B", "1A", "A;id", "", "A-B", "A\nB"])
def test_names_that_a_shell_would_run_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        render_environment({name: "x"})


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        render_environment({"A": "x\0y"})


def test_encoding_is_gzip_in_base64() -> None:
    encoded = encode_user_data("#cloud-config\n☕\n")
    assert gzip.decompress(base64.b64decode(encoded.base64)).decode() == "#cloud-config\n☕\n"
    assert encoded.text_sha256 == hashlib.sha256("#cloud-config\n☕\n".encode()).hexdigest()
    assert encode_user_data("#cloud-config\n☕\n") == encoded


def incompressible(length: int) -> str:
    return "".join(random.Random(0).choices(string.printable, k=length))


def test_over_16_kib_is_refused_with_the_figures() -> None:
    encode_user_data(incompressible(15_000))
    with pytest.raises(UserDataTooLargeError, match="16,384"):
        encode_user_data(incompressible(25_000))
