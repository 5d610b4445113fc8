"""Leaves the detector running after a deployment, and stopped before it is taken down."""
