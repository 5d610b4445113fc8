"""Lambda's event source mappings: what a stream holds goes to a function."""
