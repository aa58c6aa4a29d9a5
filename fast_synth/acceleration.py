"""Make this process's synth fast: about 0.7 s instead of 13."""

from __future__ import annotations

from fast_synth import background_kernel, lazy_provider, package_versions
from shared.garbage_collection import collect_rarely


def accelerate() -> None:
    """Start the jsii kernel in the background, and load only the AWS resources in use.

    Call it before anything imports `cdktf`, `constructs` or the AWS provider package.
    """
    collect_rarely()
    lazy_provider.preload_into_kernel()
    # As early as possible: from here on, the kernel has more to do than Python.
    background_kernel.start()
    lazy_provider.defer_submodules()
    package_versions.look_up_once()
