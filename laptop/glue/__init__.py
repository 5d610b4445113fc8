"""Glue job runs: the batch jobs, a process each."""
