"""Commands before a deployment."""
