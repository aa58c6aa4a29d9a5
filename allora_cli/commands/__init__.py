"""One module for each command of `allora`. It parses, calls, and prints; it decides nothing."""
