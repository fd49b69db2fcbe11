"""How much computing it takes to read, encode and describe tables, and how much memory.

1,000,000 rows of 20 random numbers and a target as Parquet, 200 rows of 20,000, and 200,000 rows of 20 as CSV (four
decimals), in a temporary folder, so they are in the system's cache. Contenders run in turns in one process, and what
counts is CPU time: ours, which ends with the matrix and the facts of each column, Arrow's reading into a matrix of
float64, and Python's `csv` with `float` for each cell. The memory is that of a process of its own, beyond that of its
modules.
"""

from __future__ import annotations

import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from experiments.training.contract.config import DataConfig
from experiments.training.data.files.folders import LoneFile
from experiments.training.data.tables import feature_tables, features
from experiments.training.data.tables.contents import column_summary

ROWS, COLUMNS = 1_000_000, 20
WIDE_ROWS, WIDE_COLUMNS = 200, 20_000
TEXT_ROWS = 200_000  # of a CSV
ROUNDS = 3
MIB = 2**20


def main() -> None:
    if len(sys.argv) > 1:
        print(memory(Path(sys.argv[1])))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long, wide = write(folder / "long", ROWS, COLUMNS), write(folder / "wide", WIDE_ROWS, WIDE_COLUMNS)
        text = folder / "long.csv"
        arrow_csv.write_csv(parquet.read_table(long)[:TEXT_ROWS], text)
        if not np.array_equal(ours(long), bare(long)):
            raise SystemExit("The numbers are not those that Arrow reads.")
        compare(f"Parquet, {ROWS:,} rows of {COLUMNS} columns", long)
        compare(f"Parquet, {WIDE_ROWS:,} rows of {WIDE_COLUMNS:,} columns", wide)
        for file, rows in ((long, ROWS), (text, TEXT_ROWS)):
            script = [sys.executable, "-m", "benchmarks.tables", str(file)]
            used = int(subprocess.run(script, capture_output=True, text=True, check=True).stdout)
            print(f"memory, {file.suffix}: {used / (rows * COLUMNS * 8):.1f} times the matrix")
        mine, plain = seconds(lambda: ours(text)), seconds(lambda: by_cells(text))
        speed = text.stat().st_size / MIB / mine
        print(f"CSV: {mine:.1f} s, {speed:.0f} MiB/s, ratio to cell by cell {mine / plain:.2f}")


def compare(what: str, file: Path) -> None:
    """Print our CPU time, and its ratio to that of Arrow alone."""
    rounds = [(seconds(lambda: ours(file)), seconds(lambda: bare(file))) for _ in range(ROUNDS)]
    mine, ratio = statistics.median(one for one, _ in rounds), statistics.median(one / two for one, two in rounds)
    print(f"{what}: {mine:.2f} s, ratio to Arrow alone {ratio:.1f}")


def write(stem: Path, rows: int, columns: int) -> Path:
    """Write random numbers, and a target that they do not tell."""
    chance = np.random.default_rng(0)
    cells = {f"f{number}": chance.normal(size=rows).round(4) for number in range(columns)}
    file = stem.with_suffix(".parquet")
    parquet.write_table(pa.table({**cells, "label": chance.integers(0, 2, rows)}), file)
    return file


def ours(path: Path) -> NDArray[np.float64]:
    index = feature_tables.read(LoneFile(path), path.name, DataConfig())
    column_summary.of_cells(index.columns.learned, range(len(index.samples) * 8 // 10))
    matrix, _ = features.encode(index.columns.learned)
    return matrix.numpy()


def bare(path: Path) -> NDArray[np.float64]:
    table = parquet.read_table(path).drop_columns("label")
    return np.column_stack([column.cast(pa.float64()).to_numpy() for column in table.columns])


def by_cells(path: Path) -> None:
    with path.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        np.array([[float(cell) for cell in row] for row in rows])


def memory(path: Path) -> int:
    """Return the bytes that reading takes beyond what the process has before; a first small table loads modules."""
    small = path.with_name(f"small{path.suffix}")
    table = pa.table({"a": [number % 7 for number in range(60)], "label": [number % 2 for number in range(60)]})
    (parquet.write_table if path.suffix == ".parquet" else arrow_csv.write_csv)(table, small)
    ours(small)
    before = peak()
    ours(path)
    return peak() - before


def peak() -> int:
    """Return the most bytes that this process has had since it began; `getrusage` counts those of its parent, too."""
    [line] = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def seconds(work: Callable[[], object]) -> float:
    """Measure the CPU time of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
