"""Serves one model of the Allora Forge kit over HTTP.

The server never loads the model: a child process does, which it limits and replaces. Written for
Python 3.10 and newer, with the standard library alone.
"""
