"""Halves of surrogate pairs: no engine refuses them as JSON's escapes, so they are looked for in the line."""

HALF = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
