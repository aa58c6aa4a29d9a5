"""User data: what is written at synth arrives on the host byte for byte, and it fits."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import random
import shlex
import string
import subprocess
from pathlib import Path

import pytest

from tests.unpacked import unpack
from user_data.cloud_config import (
    HostFile,
    UserDataTooLargeError,
    encode_user_data,
    render_environment,
    render_user_data,
)

AWKWARD = {
    "QUOTES": """it's "quoted" `here`""",
    "DOLLAR": "$HOME ${HOME} $(id) $$ %{if}",
    "HASH": "a # b #c",
    "BACKSLASHES": r"C:\new\table\\",
    "LINES": "first\nsecond\n\nlast\n",
    "ACCENTS": "naïve ☕ 日本",
    "EMPTY": "",
    "SPACES": "  around  ",
    "LOOKS_LIKE_AN_OPTION": "-n",
}


def test_files_arrive_byte_for_byte(tmp_path: Path) -> None:
    files = [HostFile(f"/etc/allora/{name}", value + "\n") for name, value in AWKWARD.items()] + [
        HostFile("/etc/allora/heredoc", "EOF\nEOF_0123456789abcdef\n$(touch /tmp/x)\n")
    ]
    unpack(render_user_data(files, command="/bin/false"), tmp_path)
    for file in files:
        assert (tmp_path / file.path[1:]).read_bytes() == file.content.encode(), file.path


def test_only_programs_can_be_run(tmp_path: Path) -> None:
    files = [HostFile("/bin/program", "#!/bin/sh\n", executable=True), HostFile("/etc/text", "x\n")]
    unpack(render_user_data(files, command="/bin/false"), tmp_path)
    assert (tmp_path / "bin/program").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "etc/text").stat().st_mode & 0o777 == 0o644


def test_unpacking_twice_is_as_good_as_once(tmp_path: Path) -> None:
    user_data = render_user_data([HostFile("/etc/text", "x\n")], command="/bin/false")
    unpack(user_data, tmp_path)
    unpack(user_data, tmp_path)
    assert (tmp_path / "etc/text").read_text() == "x\n"


def test_command_becomes_the_script(tmp_path: Path) -> None:
    command = tmp_path / "a command"
    command.write_text("#!/bin/sh\necho started\n")
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "ALLORA_ROOT"}
    result = subprocess.run(
        ["bash"],
        input=render_user_data([], command=str(command)).encode(),
        env=environment,
        check=True,
        capture_output=True,
    )
    assert result.stdout == b"started\n"


def test_text_without_a_last_newline_is_refused() -> None:
    with pytest.raises(ValueError, match="/etc/text"):
        render_user_data([HostFile("/etc/text", "x")], command="/bin/false")


def test_variables_arrive_byte_for_byte_in_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "host.env"
    file.write_text(render_environment(AWKWARD), encoding="utf-8")
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
    encoded = encode_user_data("#!/bin/sh\necho ☕\n")
    assert gzip.decompress(base64.b64decode(encoded.base64)).decode() == "#!/bin/sh\necho ☕\n"
    assert encoded.text_sha256 == hashlib.sha256("#!/bin/sh\necho ☕\n".encode()).hexdigest()
    assert encode_user_data("#!/bin/sh\necho ☕\n") == encoded


def incompressible(length: int) -> str:
    return "".join(random.Random(0).choices(string.printable, k=length))


def test_over_16_kib_is_refused_with_the_figures() -> None:
    encode_user_data(incompressible(15_000))
    with pytest.raises(UserDataTooLargeError, match="16,384"):
        encode_user_data(incompressible(25_000))
