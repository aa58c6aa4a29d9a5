"""Write the stacks as HCL that a person maintains without CDKTF (docs/leaving-cdktf.md)."""
