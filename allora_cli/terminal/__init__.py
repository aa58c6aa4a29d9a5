"""The terminal: console, prompts, interrupts, text."""
