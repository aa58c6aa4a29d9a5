"""One module for each command of `allora`: it parses, calls and prints."""
