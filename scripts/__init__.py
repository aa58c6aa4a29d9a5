"""Programs around the stacks: set-up, operator, embedded AWS, benchmark, and the host's own."""
