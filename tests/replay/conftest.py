"""A replay reads from an S3 of its own."""

from lake_rig import s3  # noqa: F401  # a fixture
