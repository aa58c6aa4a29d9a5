"""From settings to the host's user data and build contexts, without CDKTF."""
