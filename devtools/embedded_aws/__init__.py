"""The project on an embedded AWS: moto's server on loopback, and the real tools."""
