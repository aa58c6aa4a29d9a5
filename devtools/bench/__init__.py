"""Measures what a synth and the CLI cost: `python -m devtools.bench`."""
