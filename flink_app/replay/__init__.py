"""Judge stored raw data again: with the rules as they are, or as they might be."""
