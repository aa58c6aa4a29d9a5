"""The architecture: which package may import which, and that an import does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MAY_IMPORT = {
    "shared": set(),
    "settings": {"shared", "containers"},
    "user_data": {"settings", "shared"},
    "fleet": {"user_data", "settings", "containers"},
    "constructs_lib": {"user_data", "settings", "shared", "containers", "scripts"},
    "stacks": {"constructs_lib", "fleet", "user_data", "settings", "shared"},
    "fast_synth": {"shared"},
    "main": {"fast_synth", "stacks", "settings", "shared"},
    "containers": set(),
    "allora_cli": {"fleet", "user_data", "settings", "shared", "containers", "scripts"},
    "devtools": {
        *("allora_cli", "containers", "fast_synth", "fleet"),
        *("stacks", "user_data", "settings", "shared"),
    },
    "scripts": set(),
}
"""Each package, and those that it may import; docs/architecture.md draws them."""

COMMAND_LAYERS = (
    {"__main__"},
    {"app"},
    {"commands"},
    {"deploy"},
    {"fleet"},
    {"diagram", "doctor", "forge", "init", "status"},
    {"changes", "host", "images", "orphans", "wallet"},
    {"terraform"},
    {"context"},
    {"aws", "chain", "settings_file"},
    {"terminal"},
    {"errors", "events", "json_api", "new_file"},
)
"""The rooms of `allora_cli`: each imports only what stands below it."""

MOST_FILES = 15
"""In one folder of `allora_cli`."""

WITH_CDKTF = {"stacks", "constructs_lib", "fast_synth"}
OTHER_PACKAGES = ("devtools/fake_chain", "devtools/model_backtest", "containers")
"""Run with the packages of the images."""


@cache
def python_files() -> list[Path]:
    """Return the project's files, relative to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [Path(file) for file in listed if (ROOT / file).exists()]


def package_of(file: Path) -> str:
    """Return the package, or the module at the top, that a file belongs to."""
    return file.parts[0].removesuffix(".py")


def sources(package: str) -> list[Path]:
    """Return the files of a package, relative to the project."""
    return [file for file in python_files() if package_of(file) == package]


def imported(file: Path) -> Iterator[str]:
    """Yield the full name of each import, wherever it stands in the file."""
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    forbidden = defaultdict(set)
    for file in sources(package):
        for name in imported(file):
            target = name.split(".")[0]
            if target in MAY_IMPORT.keys() - MAY_IMPORT[package] - {package}:
                forbidden[target].add(str(file))
    assert not forbidden, f"{package} may not import these"


def test_every_package_has_its_arrows() -> None:
    assert set(map(package_of, python_files())) - {"tests"} == MAY_IMPORT.keys()


def test_the_rooms_of_the_command_are_layers() -> None:
    layer = {room: index for index, rooms in enumerate(COMMAND_LAYERS) for room in rooms}
    climbing = set()
    for file in sources("allora_cli"):
        room = file.parts[1].removesuffix(".py")
        if room == "__init__":
            continue
        for name in imported(file):
            parts = name.split(".")
            if parts[0] == "allora_cli" and parts[1] != room and layer[parts[1]] <= layer[room]:
                climbing.add(f"{file} imports {parts[1]}")
    assert not climbing


def test_no_folder_of_the_command_is_crowded() -> None:
    folders = defaultdict(list)
    for file in sources("allora_cli"):
        folders[file.parent].append(file.name)
    assert {str(folder) for folder, files in folders.items() if len(files) > MOST_FILES} == set()


def test_cdktf_stays_in_its_rooms() -> None:
    """So that a move to a successor of CDKTF stays small."""
    users = {
        package
        for package in MAY_IMPORT
        for file in sources(package)
        if any(name.split(".")[0] in {"cdktf", "cdktn", "constructs"} for name in imported(file))
    }
    # The empty app that a synth is compared with.
    assert users == {"stacks", "constructs_lib", "devtools"}


HOOK = """
import sys
EFFECTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.putenv", "os.unsetenv", "os.mkdir",
           "os.remove", "os.rename", "socket.connect"}
def note(event, arguments):
    if event in EFFECTS:
        print(event, arguments)
sys.addaudithook(note)
"""


def test_an_import_has_no_side_effects() -> None:
    modules = [
        ".".join(file.with_suffix("").parts).removesuffix(".__init__")
        for package in MAY_IMPORT.keys() - WITH_CDKTF
        for file in sources(package)
        if file.name != "__main__.py" and not str(file).startswith((*OTHER_PACKAGES, "scripts"))
    ]
    # These import `cdktf`, which starts Node.js itself; the packages alone do not.
    modules += WITH_CDKTF
    imports = "\n".join(f"import {module}" for module in sorted(modules))
    done = subprocess.run(
        # Without writing bytecode, which would be a side effect of Python's.
        [
            sys.executable,
            "-B",
            "-c",
            f"{HOOK}\n{imports}\nassert not {{'cdktf', 'cdktn'}} & set(sys.modules)",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
