"""One module for each command of `allora`, by phase: it parses, calls and prints.

A command imports what it calls when it runs: help and completion import all commands, and answer at
once.
"""
