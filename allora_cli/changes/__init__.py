"""What a command would change in AWS, told before the question whether it may."""
