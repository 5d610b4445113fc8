"""The batch half is tried on an S3 of its own."""

from lake_rig import few_marts, few_marts_throughout, s3  # noqa: F401  # fixtures
