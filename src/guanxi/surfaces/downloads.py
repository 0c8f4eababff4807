"""Files sent out, whoever uploaded or made them: a browser saves them and never runs what is in them."""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse


def download(path: Path, name: str, type: str = "application/octet-stream", *, shown: bool = False, kept: int = 0) -> FileResponse:
    """A file under a name. `shown`: it may stand in a page, as an `<img>` does. `kept`: for so many seconds the browser need
    not ask again. Raises FileNotFoundError."""
    response = FileResponse(path.open("rb"), as_attachment=not shown, filename=name, content_type=type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = f"private, max-age={kept}" if kept else "private, no-store"
    return response
