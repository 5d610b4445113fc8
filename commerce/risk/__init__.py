"""Behavioural risk of people: signs that a shopper may need care. It protects; it never blocks, and nobody is told.

`signs` says what is measured and from where on it counts, `sql` renders that for the engines.
"""
