"""Terraform and its state: run it, read it, keep its bucket."""
