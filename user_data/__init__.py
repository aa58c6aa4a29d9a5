"""Render the host's user data and its archive from settings, without CDKTF."""
