"""Takes full addresses out of records on their way from a stream to the raw bucket."""
