"""Floors: the same rows, ready-made, through the bare driver into the same tables.

Each module has `contest(volume)`, which makes the rows ready, and the ways to fill the tables with
them.
"""
