"""Styles, islands and vendored scripts: read once at start, addressed by their content, kept by browsers for ever."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

HERE = Path(__file__).parent
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}
VENDORED = {
    "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
    "vendor/echarts.js": "echarts/dist/echarts.esm.min.js",
    "vendor/sortable.js": "sortablejs/modular/sortable.esm.js",
}
"""Name here → file in node_modules, served as its package ships it; pages work when it is not there."""
_IMPORT = re.compile(rb'((?:\bfrom|\bimport)\s*\(?\s*)"\./([\w./-]+)"')


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    name: str
    data: bytes
    zipped: bytes
    type: str
    tag: str

    @property
    def url(self) -> str:
        return f"/static/{self.tag}/{self.name}"


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Everything served, by name. The style files are one asset, tokens first."""
    contents = {"app.css": _styles()}
    for path in sorted((HERE / "islands").glob("*.*")):
        contents[path.name] = path.read_bytes()
    for name, source in VENDORED.items():
        path = Path(settings.NODE_MODULES) / source
        if path.is_file():
            contents[name] = path.read_bytes()
    out: dict[str, Asset] = {}
    for name in contents:
        _add(name, contents, out, ())
    return out


def _styles() -> bytes:
    """The style files as one, tokens first. The dark values are written once and serve both the system's wish and the person's."""
    files = {path.name: path.read_bytes() for path in sorted((HERE / "styles").glob("*.css"))}
    dark = files.pop("dark.css")
    wished = dark.replace(b":root", b":root[data-theme=dark]")
    system = b"@media (prefers-color-scheme: dark) {" + dark.replace(b":root", b":root:not([data-theme=light])") + b"}"
    return b"\n".join((files.pop("tokens.css"), system, wished, files.pop("base.css"), *files.values()))


def _add(name: str, contents: dict[str, bytes], out: dict[str, Asset], above: tuple[str, ...]) -> Asset | None:
    """One asset. What a script imports (`from "./say.js"`) becomes the address of that file's content, so the imported are
    made first, and may not import back."""
    if name in above:
        raise ValueError(f"Scripts import each other in a circle: {' > '.join((*above, name))}")
    if name in out or name not in contents:
        return out.get(name)

    def address(found: re.Match[bytes]) -> bytes:
        other = _add(found[2].decode(), contents, out, (*above, name))
        return found[1] + b'"' + (other.url.encode() if other is not None else b"./" + found[2]) + b'"'

    data = contents[name]
    if name.endswith(".js") and not name.startswith("vendor/"):
        data = _IMPORT.sub(address, data)
    out[name] = Asset(name, data, gzip.compress(data, mtime=0), TYPES[Path(name).suffix], hashlib.sha256(data).hexdigest()[:12])
    return out[name]


def url(name: str) -> str | None:
    """Where a file is, or None when it is not on this machine."""
    found = assets().get(name)
    return found.url if found else None


def serve(request: HttpRequest, tag: str, name: str) -> HttpResponse:
    """One file. An old content's address answers with today's, not kept, so that open pages go on working."""
    found = assets().get(name)
    if found is None:
        return HttpResponse(status=404)
    etag = f'"{found.tag}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.zipped if packed else found.data, content_type=found.type)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if tag == found.tag else "no-cache"
    return response
