"""One module per kind of result; the catalog of the report says in which order they stand."""
