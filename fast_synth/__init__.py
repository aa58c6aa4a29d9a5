"""Make a synth fast: load what it uses, prepare what Terraform needs."""
