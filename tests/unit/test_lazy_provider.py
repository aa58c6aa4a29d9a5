"""The AWS provider loads lazily, in Python and in the jsii kernel, and synthesizes the same."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fast_synth import lazy_provider
from tests.fresh_python import PROJECT, run_python

PRELOAD = PROJECT / "fast_synth" / "lazy_provider.js"
NODE = lazy_provider.node()

INSTALL = "from fast_synth.acceleration import accelerate; accelerate()"

APP = """
from cdktf import App, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.instance import Instance, InstanceMetadataOptions
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.vpc import Vpc

app = App()
roles = TerraformStack(app, "roles")
AwsProvider(roles, "aws", region="us-east-1")
role = IamRole(roles, "role", assume_role_policy="{}")
host = TerraformStack(app, "host")
AwsProvider(host, "aws", region="us-east-1")
vpc = Vpc(host, "vpc", cidr_block="10.0.0.0/16", tags={"role": role.arn})
instance = Instance(
    host,
    "instance",
    ami="ami-12345678",
    instance_type="t3.small",
    metadata_options=InstanceMetadataOptions(http_tokens="required"),
)
TerraformOutput(host, "tokens", value=instance.metadata_options.http_tokens)
app.synth()
"""

COUNT_PROVIDER_MODULES = """
import sys
print(sum(name.startswith("cdktf_cdktf_provider_aws.") for name in sys.modules))
"""

COUNT_ASSEMBLY_LOADS = """
import jsii
loads = []
original = jsii.kernel.load
jsii.kernel.load = lambda name, *rest: (loads.append(name), original(name, *rest))[1]
"""

PREAMBLE = """r'''# Bindings'''
import publication
from ._jsii import *

__all__ = ["vpc", "subnet"]

publication.publish()

# Loading modules to ensure their types are registered
"""
IMPORTS = "from . import vpc\nfrom . import subnet\n"


def synthesized(directory: Path) -> dict[str, bytes]:
    """Read every file that a synth in a directory wrote, by its name there."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def test_a_synth_loads_few_provider_modules_and_the_assembly_once(tmp_path: Path) -> None:
    report = "print(loads.count('@cdktf/provider-aws'))"
    script = [INSTALL, COUNT_ASSEMBLY_LOADS, APP, COUNT_PROVIDER_MODULES, report]
    modules, loads = run_python("\n".join(script), tmp_path).split()
    assert 4 <= int(modules) <= 50
    assert int(loads) == 1
    assert (tmp_path / "cdktf.out/stacks/host/cdk.tf.json").is_file()


def test_the_kernel_requires_only_the_modules_it_needs(tmp_path: Path) -> None:
    required = tmp_path / "required.txt"
    trace = tmp_path / "trace.js"
    trace.write_text(
        """
        process.on("exit", () => {
          const names = Object.keys(require.cache);
          if (!names.some((name) => name.includes("/provider-aws/"))) return;
          require("fs").writeFileSync(process.env.REQUIRED, names.join("\\n"));
        });
        """
    )
    environment = {"NODE_OPTIONS": f"--require {trace}", "REQUIRED": str(required)}
    run_python(f"{INSTALL}\n{APP}", tmp_path, **environment)
    names = required.read_text().split("\n")
    assert any(name.endswith("/vpc/index.js") for name in names)
    assert any(name.endswith("/lib/private/fs.js") for name in names)
    unused = ("/s3-bucket/", "/node_modules/archiver/", "/node_modules/semver/")
    assert not [name for name in names if any(part in name for part in unused)]
    assert sum("/provider-aws/lib/" in name for name in names) <= 50


@pytest.mark.slow
def test_the_output_is_what_it_would_be_without(tmp_path: Path) -> None:
    lazy, stock = tmp_path / "lazy", tmp_path / "stock"
    outputs = []
    for directory, script, environment in (
        (lazy, f"{INSTALL}\n{APP}", {}),
        (stock, APP, {"JSII_NODE": NODE}),
    ):
        directory.mkdir()
        run_python(
            script + COUNT_PROVIDER_MODULES,
            directory,
            CDKTF_OUTDIR=str(tmp_path / "out"),
            **environment,
        )
        outputs.append(
            {
                name: content.replace(str(directory).encode(), b"")
                for name, content in synthesized(tmp_path / "out").items()
            }
        )
    assert len(outputs[0]) >= 3
    assert outputs[0] == outputs[1]


def test_attributes_of_the_package_are_its_submodules(tmp_path: Path) -> None:
    script = f"""
import sys
{INSTALL}
import cdktf_cdktf_provider_aws as aws
print(aws.vpc.Vpc.__name__)
from cdktf_cdktf_provider_aws import subnet
print(subnet.Subnet.__name__)
print(len(aws.__all__), hasattr(aws, "no_such_resource"), hasattr(aws, "__wrapped__"))
"""
    vpc, subnet, rest = run_python(script, tmp_path).splitlines()
    count, *missing = rest.split()
    assert (vpc, subnet, missing) == ("Vpc", "Subnet", ["False", "False"])
    assert int(count) > 2000


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A provider package on the path, under a name of its own, that lacks an ``__init__.py``."""
    name = "fake_provider"
    root = tmp_path / name
    for submodule in ("_jsii", "vpc", "subnet"):
        (root / submodule).mkdir(parents=True)
        (root / submodule / "__init__.py").write_text("")
    monkeypatch.setattr(lazy_provider, "PACKAGE", name)
    monkeypatch.setenv("JSII_NODE", "node")
    monkeypatch.syspath_prepend(tmp_path)
    yield root
    for module in [key for key in sys.modules if key.split(".")[0] == name]:
        del sys.modules[module]


def import_package() -> set[str]:
    """Defer its submodules, import the package, and name the submodules that came with it."""
    lazy_provider.defer_submodules()
    __import__(lazy_provider.PACKAGE)
    prefix = f"{lazy_provider.PACKAGE}."
    return {name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)}


def test_a_package_of_the_known_layout_loads_nothing_by_itself(package: Path) -> None:
    (package / "__init__.py").write_text(PREAMBLE + IMPORTS)
    assert import_package() == set()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(PREAMBLE + IMPORTS + "from .vpc import __name__ as vpc\n", id="a name"),
        pytest.param(PREAMBLE + IMPORTS + "ready = True\n", id="a statement after the imports"),
        pytest.param("class Root: ...\n" + PREAMBLE + IMPORTS, id="a class of its own"),
        pytest.param("def __getattr__(n): ...\n" + PREAMBLE + IMPORTS, id="lazy by itself"),
        pytest.param(IMPORTS, id="nothing published"),
    ],
)
def test_a_package_of_another_layout_is_executed(package: Path, source: str) -> None:
    (package / "__init__.py").write_text(source)
    assert import_package() >= ({"_jsii"} if PREAMBLE in source else {"vpc", "subnet"})


def test_a_package_that_is_already_imported_stays(package: Path) -> None:
    (package / "__init__.py").write_text(PREAMBLE + IMPORTS)
    __import__(lazy_provider.PACKAGE)
    imported = sys.modules[lazy_provider.PACKAGE]
    lazy_provider.defer_submodules()
    assert sys.modules[lazy_provider.PACKAGE] is imported


def test_a_package_that_is_not_installed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy_provider, "PACKAGE", "no_such_provider")
    monkeypatch.setenv("JSII_NODE", "node")
    lazy_provider.defer_submodules()
    assert "no_such_provider" not in sys.modules


def test_installing_twice_changes_nothing_more(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "__init__.py").write_text(PREAMBLE + IMPORTS)
    monkeypatch.delenv("JSII_NODE")
    lazy_provider.preload_into_kernel()
    lazy_provider.defer_submodules()
    first = sys.modules[lazy_provider.PACKAGE], os.environ["JSII_NODE"]
    lazy_provider.preload_into_kernel()
    lazy_provider.defer_submodules()
    assert (sys.modules[lazy_provider.PACKAGE], os.environ["JSII_NODE"]) == first


def test_a_node_command_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", "/opt/node")
    lazy_provider.preload_into_kernel()
    assert os.environ["JSII_NODE"] == "/opt/node"


def test_without_the_command_file_jsii_starts_node_itself(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JSII_NODE")
    monkeypatch.setattr(lazy_provider, "NODE", package / "missing.sh")
    lazy_provider.preload_into_kernel()
    assert "JSII_NODE" not in os.environ


INDEX = """"use strict";
/**
 * Copyright
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.vpc = exports.subnet = void 0;
exports.vpc = require("./vpc");
exports.subnet = require("./subnet");
//# sourceMappingURL=data:,
"""

# The same in CDK Terrain's package, with the helpers that TypeScript writes.
HELPERS = """var __createBinding = (this && this.__createBinding) || (Object.create ? (function() {
}) : (function() {
}));
var __importStar = (this && this.__importStar) || (function () {
    return function (mod) {
        return mod;
    };
})();
"""
SUCCESSORS_INDEX = (
    INDEX.replace(" */\n", f" */\n{HELPERS}")
    .replace("= require(", "= __importStar(require(")
    .replace('");', '/index"));')
)

# What a program sees of the index: names, values, and which modules run when.
USE_INDEX = """
const index = require(process.argv[1]);
console.log("required", global.loaded.join());
console.log(Object.keys(index).sort().join(), index.vpc.name, index.vpc === index.vpc);
console.log("used", global.loaded.join());
"""


def use_index(node_modules: Path, package: str, index: str) -> list[str]:
    """Require a fake npm package in Node with the preload, and return what the program prints."""
    lib = node_modules / package / "lib"
    lib.mkdir(parents=True)
    (lib / "index.js").write_text(index)
    for name in ("vpc", "subnet"):
        module = f'(global.loaded ??= []).push("{name}"); exports.name = "{name}";'
        (lib / name).mkdir()
        (lib / name / "index.js").write_text(module)
    program = "global.loaded = [];" + USE_INDEX
    command = [NODE, "--require", str(PRELOAD), "-e", program, str(lib / "index.js")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


EAGER = ["required vpc,subnet", "subnet,vpc vpc true", "used vpc,subnet"]
LAZY = ["required ", "subnet,vpc vpc true", "used vpc"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("organization", "index"),
    [("cdktf", INDEX), ("cdktn", SUCCESSORS_INDEX)],
    ids=["cdktf", "cdktn"],
)
def test_the_index_requires_a_module_when_it_is_used(
    tmp_path: Path, organization: str, index: str, line_end: str
) -> None:
    index = index.replace("\n", line_end)
    assert use_index(tmp_path, f"@{organization}/provider-aws", index) == LAZY


@pytest.mark.parametrize(
    ("package", "index"),
    [
        pytest.param("@cdktf/provider-google", INDEX, id="another package"),
        pytest.param("my@cdktf/provider-aws", INDEX, id="a name that only ends alike"),
        pytest.param(
            "@cdktn/provider-aws",
            SUCCESSORS_INDEX + "var more;",
            id="more than TypeScript's helpers",
        ),
        pytest.param("@cdktf/provider-aws", INDEX + "console.error(exports);", id="a statement"),
        pytest.param(
            "@cdktf/provider-aws", INDEX.replace('require("./v', 'load("./v', 1), id="another form"
        ),
    ],
)
def test_an_unexpected_index_is_left_alone(tmp_path: Path, package: str, index: str) -> None:
    defined = index.replace("load(", "(0, require)(")
    assert use_index(tmp_path, package, defined) == EAGER


# A module of `cdktf` that requires a library and offers it to a program, to call and to read.
LIBRARY_USER = """"use strict";
const archiver = require("archiver");
exports.zip = (path) => archiver(path);
exports.version = () => archiver.version;
"""
USE_LIBRARY = """
const user = require(process.argv[1]);
console.log("required", global.loaded);
console.log(user.version(), user.zip("here"), global.loaded);
"""


def use_library(node_modules: Path, module: str, source: str) -> list[str]:
    """Require a fake module in Node with the preload, and return what the program prints."""
    file = node_modules / module
    file.parent.mkdir(parents=True)
    file.write_text(source)
    library = node_modules / "archiver" / "index.js"
    library.parent.mkdir()
    library.write_text(
        "global.loaded += 1; module.exports = (path) => path + '.zip'; module.exports.version = 7;"
    )
    program = "global.loaded = 0;" + USE_LIBRARY
    command = [NODE, "--require", str(PRELOAD), "-e", program, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    "module", ["cdktf/lib/private/fs.js", "cdktn/lib/validations/target-versions.js"]
)
def test_a_rarely_used_library_loads_when_it_is_used(tmp_path: Path, module: str) -> None:
    printed = use_library(tmp_path / "node_modules", module, LIBRARY_USER)
    assert printed == ["required 0", "7 here.zip 1"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("cdktf/lib/private/ls.js", LIBRARY_USER, id="another module"),
        pytest.param("my-cdktf/lib/private/fs.js", LIBRARY_USER, id="a name that only ends alike"),
        pytest.param(
            "cdktf/lib/private/fs.js", LIBRARY_USER.replace("const ar", "let ar"), id="another form"
        ),
    ],
)
def test_an_unexpected_use_of_a_library_is_left_alone(
    tmp_path: Path, module: str, source: str
) -> None:
    printed = use_library(tmp_path / "node_modules", module, source)
    assert printed == ["required 1", "7 here.zip 1"]


def test_the_command_for_jsii_passes_arguments_and_spares_the_compile_cache(tmp_path: Path) -> None:
    folder = tmp_path / "a folder's name"
    folder.mkdir()
    for suffix in (".sh", ".js"):
        source = lazy_provider.NODE.with_suffix(suffix)
        target = folder / source.name
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)
    show = "console.log(process.argv[1], process.env.NODE_COMPILE_CACHE, process.execArgv.length)"
    result = subprocess.run(
        [folder / "lazy_provider.sh", "-e", show, "two words"],
        env={**os.environ, "NODE_COMPILE_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "two words undefined 4\n"


def test_a_process_is_stopped_when_its_handlers_have_run_and_not_by_a_thread_s_end() -> None:
    program = """
    const { Worker } = require("worker_threads");
    process.on("exit", () => console.log("tidied up"));
    new Worker("process.exit(1)", { eval: true }).on("exit", () => {
      console.log("the thread has ended");
      process.exit(0);
    });
    """
    command = [NODE, "--require", str(PRELOAD), "-e", program]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert (ended.stdout, ended.returncode) == (
        "the thread has ended\ntidied up\n",
        -signal.SIGKILL,
    )


def test_node_need_not_be_on_the_path(tmp_path: Path) -> None:
    run_python(f"{INSTALL}\n{APP}", tmp_path, PATH=str(tmp_path / "empty"))
    assert (tmp_path / "cdktf.out/stacks/host/cdk.tf.json").is_file()


def test_the_app_is_synthesized_with_it() -> None:
    script = (
        "import jsii, os, sys, main\n"
        "main.main()\n"
        "print(os.environ['JSII_NODE'], type(jsii.kernel.provider), sep='\\n')\n"
        "print('of a fleet:', *(name for name in sys.modules if '.ecs_' in name))"
    )
    command, connection, of_fleet = run_python(script, PROJECT).splitlines()[-3:]
    assert command == str(lazy_provider.NODE)
    assert "LoadingLate" in connection
    assert of_fleet == "of a fleet:"
