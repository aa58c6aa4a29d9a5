"""Where models come from, as the host sees them: without a login."""
