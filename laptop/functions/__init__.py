"""Lambda on the laptop: each function in a process of its own, with nothing but what AWS would give it."""
