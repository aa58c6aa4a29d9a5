"""What the host fetches, as it sees it: without a login."""
