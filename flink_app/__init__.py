"""The detector: Flink SQL, driven from Python."""
