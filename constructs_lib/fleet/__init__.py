"""Constructs of a fleet."""
