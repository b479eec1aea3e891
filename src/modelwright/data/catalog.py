"""Every kind of source, and the function that reads it.

Readers of files and addresses take the location; readers of things in memory take the thing. Each returns a
`modelwright.data.raw.RawTable`.
"""

SOURCES = {
    "csv": "modelwright.data.csv_file:read",
    "jsonl": "modelwright.data.jsonl:read",
    "parquet": "modelwright.data.parquet:read",
    "arrow": "modelwright.data.arrow_file:read",
    "excel": "modelwright.data.excel:read",
    "sqlite": "modelwright.data.sqlite:read",
    "postgresql": "modelwright.data.postgresql:read",
    "pandas": "modelwright.data.pandas_frame:read",
    "arrow stream": "modelwright.data.arrow_stream:read",
    "numpy": "modelwright.data.numpy_array:read",
    "columns": "modelwright.data.records:read_columns",
    "records": "modelwright.data.records:read_records",
}

SCANNERS = {
    "csv": "modelwright.data.csv_file:scan",
    "jsonl": "modelwright.data.jsonl:scan",
    "parquet": "modelwright.data.parquet:scan",
    "arrow": "modelwright.data.arrow_file:scan",
}
"""Sources that are read in pieces of bounded size; the others are read whole and cut."""
