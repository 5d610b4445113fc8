"""AWS on a laptop: a moto server and the managed behaviour around it."""
