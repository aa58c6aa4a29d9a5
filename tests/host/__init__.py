"""The deployed user data, booted for real: systemd, cloud-init, Docker, and a world around them."""
