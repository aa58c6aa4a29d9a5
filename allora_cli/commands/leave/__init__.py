"""Commands that remove what was deployed."""
