"""Column files as `datasets` and pyarrow write them: python columns.py writes columns/."""

import datetime
import gzip
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import zstandard

folder = Path(__file__).parent / "columns"
folder.mkdir(exist_ok=True)

rows = [
    {
        "text": f"row {i} of ünï¢ode €😀",
        "label": i % 3,
        "score": i / 4,
        "good": i % 2 == 0,
        "when": datetime.datetime(2024, 1, 1 + i, 12, 30),
        "missing": None if i % 2 else "there",
        "messages": [{"role": "user", "content": f"question {i}"}, {"role": "assistant", "content": f"answer {i}"}],
        "tags": ["a", "b"][: i % 3],
    }
    for i in range(7)
]
table = pa.Table.from_pylist(rows)
for compression in ("none", "snappy", "gzip", "zstd", "brotli"):
    pa.parquet.write_table(table, folder / f"{compression}.parquet", compression=compression, row_group_size=3)
pa.feather.write_feather(table, folder / "plain.feather", compression="uncompressed")

dataset = datasets.Dataset.from_list(rows)
datasets.disable_progress_bars()
datasets.DatasetDict({"train": dataset.select(range(5)), "test": dataset.select(range(5, 7))}).save_to_disk(folder / "saved")

lines = "".join(json.dumps({**row, "when": row["when"].isoformat(timespec="milliseconds") + "Z"}, ensure_ascii=False) + "\n" for row in rows).encode()
(folder / "rows.jsonl").write_bytes(lines)
(folder / "rows.jsonl.gz").write_bytes(gzip.compress(lines, mtime=0))
(folder / "rows.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(lines))
