"""AWS on a laptop: moto for the APIs, and the managed behaviour around them that moto lacks."""
