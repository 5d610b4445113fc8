"""Answers an incident: a row, an alert, metrics."""
