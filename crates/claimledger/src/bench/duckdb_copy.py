"""Reads a Parquet file into a table of DuckDB, and prints how many seconds it takes to write the
table to a file: once as JSON lines, once as Parquet. Arguments: the file, a directory."""

import sys
import time

import duckdb

rows, directory = sys.argv[1:]
connection = duckdb.connect()
connection.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [rows])
copies = {"copy.jsonl": "FORMAT json", "copy.parquet": "FORMAT parquet, COMPRESSION zstd"}
for name, options in copies.items():
    began = time.perf_counter()
    connection.execute(f"COPY t TO '{directory}/{name}' ({options})")
    print(time.perf_counter() - began)
