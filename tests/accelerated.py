"""Import this before `cdktf`, so that the tests' synths are as fast as the project's own."""

from fast_synth.acceleration import accelerate

accelerate()
