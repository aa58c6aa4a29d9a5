"""The stacks: each composes constructs into something that is deployed as one."""

import constructs_lib as constructs_lib  # makes the AWS provider cheap to import, before any stack does
