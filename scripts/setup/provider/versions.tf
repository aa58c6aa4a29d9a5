# The AWS provider that set-up installs, and that stacks/base_stack.py requires (docs/adr/0001-versions.md). The lock
# file beside it has its hashes; `make lock` writes it.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
