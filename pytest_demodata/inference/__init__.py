"""How the columns of any tables are filled, read from their MetaData."""
