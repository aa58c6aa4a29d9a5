"""What a fleet's tasks are made of: containers, secrets, images."""
