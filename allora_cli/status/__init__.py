"""Collect a worker's status, diagnose it and show it."""
