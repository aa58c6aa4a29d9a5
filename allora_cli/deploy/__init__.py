"""Deploy, update, restart and destroy a worker, and follow its host."""
