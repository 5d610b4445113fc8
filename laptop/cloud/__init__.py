"""The AWS APIs on the laptop: a moto server in a process of its own, with what moto lacks added to it."""
