"""Read what the host writes: its logs, events and status report; connect to it."""
