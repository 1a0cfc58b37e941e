"""Reads Parquet by DuckDB and pandas, and compares each cell with the same rows as JSON lines."""

import datetime
import json
import os
import sys

import duckdb
import pandas

UTC = datetime.timezone.utc


def plain(value):
    """A cell as JSON lines have it."""
    if value is None or value is pandas.NaT:
        return None
    if isinstance(value, (datetime.datetime, pandas.Timestamp)):
        value = value.astimezone(UTC) if isinstance(value, datetime.datetime) else value
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        micros = f"{value.microsecond:06d}".rstrip("0")
        return f"{text}.{micros}Z" if micros else f"{text}Z"
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def by_duckdb(path):
    # Closed with its threads before the interpreter ends.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute("SELECT * FROM read_parquet(?)", [path])
        names = [column[0] for column in found.description]
        return [dict(zip(names, map(plain, row))) for row in found.fetchall()]


def by_pandas(path):
    frame = pandas.read_parquet(path)
    return [{name: plain(row[name]) for name in frame.columns} for _, row in frame.iterrows()]


parquet, jsonl = sys.argv[1:]
with open(jsonl, encoding="utf-8") as lines:
    expected = [json.loads(line) for line in lines]
cells = 0
for reader in (by_duckdb, by_pandas):
    rows = reader(parquet)
    assert len(rows) == len(expected), (reader.__name__, len(rows), len(expected))
    for number, (row, other) in enumerate(zip(rows, expected)):
        assert row.keys() == other.keys(), (reader.__name__, number, row.keys() ^ other.keys())
        for name, cell in row.items():
            assert cell == other[name], (reader.__name__, number, name, cell, other[name])
            cells += 1
print(json.dumps({"rows": len(expected), "cells": cells}), flush=True)
# Without the destructors of the readers' threads, which can end the interpreter with SIGABRT.
os._exit(0)
