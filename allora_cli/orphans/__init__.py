"""What killed runs have created in AWS and saved in no state: find it, take it over, remove it."""
