# The AWS provider that set-up installs: the one that cdktf-cdktf-provider-aws in the Pipfile is made for
# (docs/adr/0001-versions.md). The lock file beside it has its hashes; `make lock` writes it.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
