"""Reusable constructs: each takes what it needs as typed arguments and owns its resources."""

from constructs_lib import background_kernel, garbage, lazy_provider

# What makes a synth fast, before any construct imports `cdktf` or the AWS provider package. The
# kernel comes as early as it can: from here on it has more to do than Python.
garbage.collect_rarely()
lazy_provider.preload_into_kernel()
background_kernel.start()
lazy_provider.defer_submodules()
