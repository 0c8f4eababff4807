"""The font of a PDF file: Noto Sans SC in two weights, of which a file carries the signs it uses and no others.

Its npm package holds the font as a hundred small files, each for some signs (`unicode.json` says which), every sign in all weights.
Only the files needed are opened; what was drawn once is kept, because the next file uses the same few hundred signs.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from guanxi.base.errors import Problem
from guanxi.base.text import T

PACKAGE = "@fontsource-variable/noto-sans-sc"
REGULAR, BOLD = 400, 600
ALWAYS = "".join(map(chr, range(32, 127))) + "…–—·□，。：、（）/％¥€£$万亿"
KEPT = 6_000
"""So many signs are kept drawn, some 10 MB; then it begins anew."""
ABSENT = "□"
UNITS, ASCENT, DESCENT = 1000, 880, -120
_lock = threading.Lock()
_drawn: dict[tuple[str, int], tuple[Any, int]] = {}


class NoFont(Problem):
    """The package is not on this machine."""

    status = 503
    code = "no-font"
    title = T("缺少字体", "The font is missing")
    detail = T(
        "生成 PDF 需要的字体没有安装。请联网重新启动程序，它会自动获取。",
        "The font for PDF files is not installed. Start the program again with a connection; it fetches it by itself.",
    )


def _folder() -> Path:
    return Path(settings.NODE_MODULES) / PACKAGE


@lru_cache(maxsize=1)
def _where() -> dict[int, str]:
    """Which file has a sign."""
    try:
        listed = json.loads((_folder() / "unicode.json").read_text())
    except OSError:
        raise NoFont() from None
    out: dict[int, str] = {}
    for name, ranges in listed.items():
        for one in ranges.split(","):
            first, _, last = one.strip()[2:].partition("-")
            for sign in range(int(first, 16), int(last or first, 16) + 1):
                out[sign] = name.strip("[]")
    return out


def make(text: Iterable[str]) -> tuple[bytes, bytes]:
    """TrueType fonts, regular and bold, with every sign of the texts; one that Noto Sans SC lacks is a box. Raises NoFont."""
    signs = sorted({sign for one in text for sign in one if sign.isprintable()} | set(ALWAYS))
    with _lock:
        if len(_drawn) > KEPT:
            _drawn.clear()
        _draw([sign for sign in signs if (sign, REGULAR) not in _drawn])
        glyphs = {(sign, weight): _drawn.get((sign, weight)) or _drawn[ABSENT, weight] for sign in signs for weight in (REGULAR, BOLD)}
    return _font(signs, glyphs, REGULAR), _font(signs, glyphs, BOLD)


def _draw(signs: Iterable[str]) -> None:
    from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
    from fontTools.ttLib.woff2 import WOFF2GlyfTable  # type: ignore[import-untyped]

    where = _where()
    needed: dict[str, list[str]] = {}
    for sign in signs:
        if ord(sign) in where:
            needed.setdefault(where[ord(sign)], []).append(sign)
    for name, some in needed.items():
        font = TTFont(_folder() / "files" / f"noto-sans-sc-{name}-wght-normal.woff2", lazy=True)
        # As fontTools reads it, without writing it out in order to read it again, which takes as long once more.
        packed = font.reader.tables["glyf"].loadData(font.reader.transformBuffer)
        font.tables["glyf"] = outlines = WOFF2GlyfTable()
        outlines.reconstruct(packed, font)
        names = font.getBestCmap()
        for weight in (REGULAR, BOLD):
            glyphs = font.getGlyphSet(location={"wght": weight})
            for sign in some:
                if (glyph := names.get(ord(sign))) is None:
                    continue
                pen = TTGlyphPen(None)
                glyphs[glyph].draw(pen)
                _drawn[sign, weight] = pen.glyph(), round(glyphs[glyph].width)


def _font(signs: list[str], drawn: dict[tuple[str, int], tuple[Any, int]], weight: int) -> bytes:
    from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = {sign: f"u{ord(sign):05X}" for sign in signs}
    glyphs = {".notdef": TTGlyphPen(None).glyph()} | {names[sign]: drawn[sign, weight][0] for sign in signs}
    widths = {".notdef": UNITS} | {names[sign]: drawn[sign, weight][1] for sign in signs}
    made = FontBuilder(UNITS, isTTF=True)
    made.setupGlyphOrder(list(glyphs))
    made.setupCharacterMap({ord(sign): name for sign, name in names.items()})
    made.setupGlyf(glyphs)
    made.setupHorizontalMetrics({name: (width, getattr(glyphs[name], "xMin", 0)) for name, width in widths.items()})
    made.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    style = "Regular" if weight == REGULAR else "SemiBold"
    made.setupNameTable({"familyName": "Noto Sans SC", "styleName": style, "psName": f"NotoSansSC-{style}"})
    made.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT, usWeightClass=weight)
    made.setupPost()
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
