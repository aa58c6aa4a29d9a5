# What set-up installs. The version is the one of cdktf-cdktf-provider-aws in the Pipfile
# (docs/adr/0001-versions.md).
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
