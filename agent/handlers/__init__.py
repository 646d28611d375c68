"""What the agent does for each of its kinds, one module each."""
