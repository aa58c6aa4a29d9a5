"""From settings to the host's user data and the archive that it fetches, without CDKTF."""
