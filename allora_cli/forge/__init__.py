"""Allora Forge, where competitions are entered: https://forge.allora.network."""
