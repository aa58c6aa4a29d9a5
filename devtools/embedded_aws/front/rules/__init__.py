"""AWS's rules that its service models do not carry: one function each, with its source."""
