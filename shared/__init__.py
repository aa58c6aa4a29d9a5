"""Code that the command, the synth and the tools share, without dependencies."""
