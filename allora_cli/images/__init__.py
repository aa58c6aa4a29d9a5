"""The images of a fleet: which are missing in ECR, and how they are built."""
