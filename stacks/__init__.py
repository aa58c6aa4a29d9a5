"""The stacks: each composes constructs into something that is deployed as one."""

# Before any stack imports the AWS provider package: this makes it cheap.
import constructs_lib as constructs_lib
