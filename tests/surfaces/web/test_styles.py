"""The style files are sent as one: a name means the same wherever it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from guanxi.surfaces.web import static

SHARED = {"card", "round", "sider", "bottom", "tally", "ticks", "layer"}
"""Said in one file and varied in another on purpose: for print, for a phone, for a smaller place."""


def test_two_files_do_not_mean_different_things_by_one_class() -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for path in (Path(static.__file__).parent / "styles").glob("*.css"):
        for name in re.findall(r"(?:^|[},])\s*\.([a-z][\w-]*)\s*[{,]", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)):
            told[name].add(path.name)
    assert {name: sorted(files) for name, files in told.items() if len(files) > 1 and name not in SHARED} == {}
