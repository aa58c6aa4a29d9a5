"""Commands for a worker that is deployed."""
