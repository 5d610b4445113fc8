"""Firehose: what a stream holds goes to S3."""
