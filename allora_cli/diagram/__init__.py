"""Draw the architecture from the synthesized stacks: `allora diagram`."""
