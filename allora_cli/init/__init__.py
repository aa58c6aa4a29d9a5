"""`allora init`: find out or ask what a worker needs, and write its settings file."""
