"""Infers from a `MetaData` how its tables are filled."""
