"""What an operator does beside `cdktf`: the `allora` command."""
