"""Where the real data are: never in the project, so tests that read them skip with a reason when they are absent."""

import os
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("GUANXI_DATA") or _CHECKOUT.parent / "shared" / "data")


def data_file(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real data not here: {name} (set GUANXI_DATA to their folder)")
    return path
