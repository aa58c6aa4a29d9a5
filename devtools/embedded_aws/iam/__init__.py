"""IAM's part of the embedded AWS: what a request needs, and whether its caller may do it."""
