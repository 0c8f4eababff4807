"""Reads one sheet of a workbook in a process of its own, with little memory and time, and writes its rows to stdout.

Run by path and isolated (`python -I workbook_child.py FILE SHEET MEMORY SECONDS`), so it imports nothing of ours: the
parser meets files from strangers, and when it dies it shall die alone. Frames: 4 bytes of length, then msgpack. First
{"sheets", "sheet", "merges", "offset"}, then rows, one a frame, at the end None. Dates are {"t": kind, "v": ISO text}.
"""

from __future__ import annotations

import datetime
import resource
import struct
import sys
from typing import Any

MOST_MERGES = 200_000


def _plain(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, datetime.datetime):
        return {"t": "datetime", "v": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"t": "date", "v": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"t": "time", "v": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"t": "seconds", "v": value.total_seconds()}
    return value


def main(path: str, sheet: str, memory: int, seconds: int) -> None:
    import msgspec
    import python_calamine

    # Address space, processor time, no files written, no core dumps. Set after the imports, which need files.
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    encoder = msgspec.msgpack.Encoder()
    out = sys.stdout.buffer

    def send(frame: Any) -> None:
        data = encoder.encode(frame)
        out.write(struct.pack(">I", len(data)))
        out.write(data)

    workbook = python_calamine.CalamineWorkbook.from_path(path)
    kinds = python_calamine.SheetTypeEnum
    shown = python_calamine.SheetVisibleEnum
    names = [m.name for m in workbook.sheets_metadata if m.typ == kinds.WorkSheet]
    visible = [m.name for m in workbook.sheets_metadata if m.typ == kinds.WorkSheet and m.visible == shown.Visible]
    found = None
    for name in [sheet] if sheet else (visible or names):
        if name not in names:
            break
        found = workbook.get_sheet_by_name(name)
        if sheet or found.height:
            break
    if found is None:
        send({"sheets": names, "sheet": None, "merges": [], "offset": 0})
        send(None)
        out.flush()
        return
    merges = [[r1, c1, r2, c2] for (r1, c1), (r2, c2) in (found.merged_cell_ranges or [])[:MOST_MERGES]]
    send({"sheets": names, "sheet": found.name, "merges": merges, "offset": found.start[1] if found.start else 0})
    for row in found.iter_rows():
        send([_plain(value) for value in row])
    send(None)
    out.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    except BrokenPipeError:
        sys.stderr.close()
    except MemoryError:
        sys.exit(3)
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:500])
        sys.exit(2)
