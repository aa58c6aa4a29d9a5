"""The wait for the workers of a fleet."""
