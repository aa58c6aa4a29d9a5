"""Tries and tests the project on an embedded AWS (moto's server) on loopback, with the real tools."""
