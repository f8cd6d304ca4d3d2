"""A small shop: its tables, and two reports over them."""
