"""The kernel works before jsii asks; where it does not, jsii starts its own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fast_synth import early_kernel, lazy_provider
from tests.fresh_python import PROJECT, attempt, run_python

STARTED = "from fast_synth.acceleration import accelerate; accelerate()"
APP = """
from cdktf import App
App().synth()
"""
KERNELS = """
import pathlib, subprocess
def kernels():
    children = pathlib.Path(f"/proc/self/task/{pathlib.os.getpid()}/children").read_text().split()
    return [pathlib.Path(f"/proc/{child}/cmdline").read_text().split("\\0") for child in children]
"""


def test_it_is_started_before_jsii_is_imported_and_is_the_only_process(tmp_path: Path) -> None:
    printed = run_python(
        f"""
import sys
from fast_synth import early_kernel
print("jsii" in sys.modules)
{STARTED}
{APP}
{KERNELS}
(kernel,) = kernels()
print(any(each.endswith("lib__program.js") for each in kernel))
""",
        tmp_path,
        TMPDIR=str(tmp_path),
    )
    assert printed == "False\nTrue\n"
    assert not list(tmp_path.glob("jsii-kernel-*"))


def test_what_it_has_loaded_is_what_jsii_asks_for() -> None:
    """With the same versions, and in an order in which the kernel takes them."""
    asked = []
    names = ("constructs", "cdktf", lazy_provider.PACKAGE)
    for name in names:
        source = (early_kernel._folder(name) / "_jsii/__init__.py").read_text("utf-8")
        asked.append(re.findall(r'^    "(.+?)", "(.+?)"', source, re.MULTILINE)[0])
    loads = early_kernel._loads(lazy_provider.PACKAGE)
    assert [(load["name"], load["version"]) for load in loads] == asked
    assert all(Path(load["tarball"]).is_file() for load in loads)


def test_each_resource_of_the_stacks_is_expected_by_its_name_in_javascript(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import stacks.app  # noqa: PLC0415
    import stacks.fleet_stack  # noqa: F401, PLC0415

    asked: list[str] = []
    ask = lambda *_, **request: asked.append(request["fqn"])  # noqa: E731
    monkeypatch.setattr(early_kernel.EarlyKernel, "ask", ask)
    kernel = object.__new__(early_kernel.EarlyKernel)
    kernel._provider = "@cdktf/provider-aws"
    there = set()
    for name in list(sys.modules):
        package, _, submodule = name.rpartition(".")
        if package == lazy_provider.PACKAGE and not submodule.startswith("_"):
            kernel.expect(submodule)
            classes = vars(sys.modules[name]).values()
            there |= {getattr(each, "__jsii_type__", None) for each in classes}
    assert len(asked) > 30
    assert set(asked) <= there


def test_once_jsii_uses_it_nothing_else_is_asked(tmp_path: Path) -> None:
    """An answer that nobody reads would be taken for another's."""
    printed = run_python(
        f"""{STARTED}
from cdktf import App, TerraformStack
stack = TerraformStack(App(), "one")
from cdktf_cdktf_provider_aws.vpc import Vpc
print(Vpc(stack, "vpc").friendly_unique_id, Vpc.TF_RESOURCE_TYPE)
""",
        tmp_path,
    )
    assert printed == "vpc aws_vpc\n"


@pytest.mark.parametrize(
    "program",
    [
        "",
        "process.exit(3)",
        "require('fs').writeSync(3, 'What is that?\\n'); setTimeout(() => 0, 60000)",
        """require('fs').writeSync(3, '{"hello": "@jsii/runtime@0.1.2"}\\n')""",
        """require('fs').writeSync(3, '{"hello": "@jsii/runtime@1.142.0"}\\n{"ok": {}}\\n')""",
    ],
)
def test_jsii_starts_its_own_where_another_program_answers(tmp_path: Path, program: str) -> None:
    (tmp_path / "program.js").write_text(program)
    printed = run_python(
        f"""
from fast_synth import early_kernel
early_kernel._PROGRAM = {str(tmp_path / "program.js")!r}
{STARTED}
{APP}
{KERNELS}
print(*(each for kernel in kernels() for each in kernel if each.endswith("jsii-runtime.js")))
""",
        tmp_path,
    )
    assert printed.endswith("bin/jsii-runtime.js\n")
    assert (tmp_path / "cdktf.out/manifest.json").is_file()


@pytest.mark.parametrize(
    ("variables", "changed"),
    [
        ({"JSII_RUNTIME": "of somebody else"}, ""),
        ({}, "early_kernel._PROGRAM = 'nowhere.js'"),
        ({}, "early_kernel._LOAD = early_kernel.re.compile('of another form')"),
    ],
)
def test_another_layout_has_none(tmp_path: Path, variables: dict[str, str], changed: str) -> None:
    script = f"from fast_synth import early_kernel\n{changed}\nprint(early_kernel.start('cdktf'))"
    assert run_python(script, tmp_path, **variables) == "None\n"
    assert early_kernel._loads("cdktf")


def test_a_package_that_is_missing_has_none() -> None:
    assert early_kernel.start("no_such_provider") is None
    assert early_kernel.start("json") is None


def test_a_package_that_cannot_be_loaded_is_an_error_of_the_first_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    script = f"{STARTED}\nimport cdktf\nprint('imported')\ncdktf.App()"
    cache = str(tmp_path / "file")
    done = attempt(script, tmp_path, JSII_RUNTIME_PACKAGE_CACHE_ROOT=cache)
    assert (done.returncode, done.stdout) == (1, "imported\n")
    assert f"Cannot use the jsii package cache in {cache}" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("end", ["", "raise SystemExit(78)", "os.kill(os.getpid(), 9)"])
def test_it_ends_with_python_and_leaves_nothing(tmp_path: Path, end: str) -> None:
    """Also when nobody has used it, or nobody could say good-bye."""
    script = f"{STARTED}\n{KERNELS}\nimport os\nprint(kernels()[0], flush=True)\n{end}"
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )  # returns when the kernel, too, has closed the output
    assert b"lib__program.js" in process.stdout
    deadline = time.monotonic() + 60
    while list(tmp_path.glob("jsii-kernel-*")):
        assert time.monotonic() < deadline


def test_ctrl_c_ends_it_too(tmp_path: Path) -> None:
    """A terminal sends it to the kernel as well; that has ended when Python says good-bye."""
    script = f"import time\n{STARTED}\n{APP}\nprint('ready', flush=True)\ntime.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert "BrokenPipe" not in errors
