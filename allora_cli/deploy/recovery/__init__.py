"""What has to be right with states and AWS before Terraform is started."""
