"""The registered task definitions of a fleet, run in Docker as Fargate would run them."""
