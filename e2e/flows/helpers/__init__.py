"""A package beside the flow files."""
