"""MODEL_COMMAND: what a container can run is accepted, what only a shell could run is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError, load_settings
from settings.command_words import command_words

REQUIRED = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "us-east-1"}


def refusal(command: str, folder: Path) -> str:
    """Return the report of a refused command."""
    with pytest.raises(SettingsError) as caught:
        load_settings(
            environ=REQUIRED | {"MODEL_COMMAND": command, "ALLORA_ENV_FILE": _empty(folder)}
        )
    return str(caught.value)


def _empty(folder: Path) -> str:
    path = folder / ".env"
    path.touch()
    return str(path)


@pytest.mark.parametrize(
    ("command", "reason", "remedy"),
    [
        ("cd /app && python app.py", "has && outside of quotes", "sh -c"),
        ("python app.py; python b.py", "has ; outside", "sh -c"),
        ("python app.py & python b.py", "has & outside", "sh -c"),
        ("python app.py | tee log", "has | outside", "sh -c"),
        ("python app.py || true", "has || outside", "sh -c"),
        ("python app.py > log", "has > outside", "sh -c"),
        ("python app.py 2>&1", "has > outside", "sh -c"),
        ("python app.py < in", "has < outside", "sh -c"),
        ("(python app.py)", "has ( outside", "sh -c"),
        ("python `which app`", "has ` outside", "sh -c"),
        ("python app.py --port $PORT", "has $P…", "sh -c"),
        ('python app.py --port "${PORT}"', "has ${…", "sh -c"),
        ("python app.py --port $(cat port)", "has ( outside", "sh -c"),
        ("cd /app", "begins with cd,", "sh -c"),
        ("exec python app.py", "begins with exec,", "sh -c"),
        ("PORT=80 python app.py", "begins with a variable's value", "MODEL_ENV_VARS"),
        ('["python", "app.py"]', "is a JSON array", "python -u /app/app.py"),
        ('["python","app.py"]', "is a JSON array", "python -u /app/app.py"),
        ("python 'app.py", "quote that is not closed", "close"),
        ('sh -c "python app.py', "quote that is not closed", "close"),
        ("python app.py \\", "ends with a backslash", "close"),
        ("''", "names no program", "python -u /app/app.py"),
        ("python\u00a0app.py", "a character that is not seen", "python -u /app/app.py"),
        ("\u200bpython app.py", "a character that is not seen", "python -u /app/app.py"),
        ("\u3164python app.py", "a character that is not seen", "python -u /app/app.py"),
        (" ", "names no program", "python -u /app/app.py"),
    ],
)
def test_what_no_container_can_run_is_refused_with_the_remedy(
    tmp_path: Path, command: str, reason: str, remedy: str
) -> None:
    report = refusal(command, tmp_path)
    assert report.splitlines()[2].startswith("  MODEL_COMMAND (environment): ")
    assert reason in report
    assert remedy in report.partition("->")[2]
    assert "1 setting needs" in report


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python -u /app/app.py", ("python", "-u", "/app/app.py")),
        ("gunicorn 'main:app' -b 0.0.0.0:8000", ("gunicorn", "main:app", "-b", "0.0.0.0:8000")),
        ("--port 8000", ("--port", "8000")),
        ("python app.py a\\;b 'c;d' \"e|f\"", ("python", "app.py", "a;b", "c;d", "e|f")),
        ("python app.py '$HOME' \\$x \"\\$y\"", ("python", "app.py", "$HOME", "$x", "$y")),
        ("python app.py \"it's\" '${x}'", ("python", "app.py", "it's", "${x}")),
        ('sh -c "cd /app && exec python app.py"', ("sh", "-c", "cd /app && exec python app.py")),
        ('/bin/bash -c "exec a $PORT"', ("/bin/bash", "-c", "exec a $PORT")),
        ("env A=b python app.py", ("env", "A=b", "python", "app.py")),
        ("python app.py --price 5$", ("python", "app.py", "--price", "5$")),
        ("python\n  app.py", ("python", "app.py")),
        ("[ -f x ]", ("[", "-f", "x", "]")),
    ],
)
def test_a_program_and_its_arguments(command: str, words: tuple[str, ...]) -> None:
    assert command_words(command) == words


def test_no_report_shows_the_command(tmp_path: Path) -> None:
    assert "c4n4ry" not in refusal("python c4n4ry.py && true", tmp_path)
