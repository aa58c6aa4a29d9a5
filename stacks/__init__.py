"""The stacks: what is deployed together, and where its state lies."""
