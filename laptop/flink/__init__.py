"""Managed Flink: the detector runs in a real cluster."""
