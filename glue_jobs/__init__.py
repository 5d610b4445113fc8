"""The batch half: raw records to the lake, the lake to answers."""
