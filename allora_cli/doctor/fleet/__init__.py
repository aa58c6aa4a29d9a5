"""Checks of a fleet: one for all workers, each with one line."""
