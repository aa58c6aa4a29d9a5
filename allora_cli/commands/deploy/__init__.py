"""Commands that deploy."""
