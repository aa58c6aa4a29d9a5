"""Make this process's synth fast: about 0.4 s instead of 13."""

from __future__ import annotations

from fast_synth import early_kernel, lazy_provider
from shared.garbage_collection import collect_rarely


def accelerate(*, early: bool = True) -> None:
    """Start the jsii kernel at once, and load only the AWS resources in use.

    Call it before anything imports `jsii`, `cdktf`, `constructs` or the AWS provider package.

    Args:
        early: whether to start the kernel ahead of jsii, which would start it in its own way.
    """
    collect_rarely()
    early_kernel.use_own_cache()
    lazy_provider.preload_into_kernel()
    if early and (kernel := early_kernel.start(lazy_provider.PACKAGE)):
        from fast_synth import kernel_connection  # noqa: PLC0415 - it imports jsii

        kernel_connection.use(kernel)
        lazy_provider.announce_submodules(kernel.expect)
    lazy_provider.defer_submodules()
    from fast_synth import package_versions  # noqa: PLC0415 - the kernel works meanwhile

    package_versions.look_up_once()
