"""Fault drills: nothing is lost and nothing doubled, whatever fails; and drills that would see it if it were."""
