"""Line icons, drawn on 20 × 20; an object whose icon is not among them gets a plain sheet."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

PATHS: dict[str, str] = {
    "record": "M5 3h7l3 3v11H5zM12 3v3h3M8 10h4M8 13h4",
    "pool": "M3 11c1.2-1 2.3-1 3.5 0s2.3 1 3.5 0 2.3-1 3.5 0 2.3 1 3.5 0M3 15c1.2-1 2.3-1 3.5 0s2.3 1 3.5 0 2.3-1 3.5 0 2.3 1 3.5 0M10 3v5M7.5 5.5L10 8l2.5-2.5",
    "home": "M3 9l7-6 7 6v8h-5v-5H8v5H3z",
    "search": "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zM13.5 13.5L17 17",
    "pen": "M4 4h7M4 8h4M4 12h3M9.5 16l.6-2.6 5.4-5.4 2 2-5.4 5.4z",
    "plus": "M10 4v12M4 10h12",
    "menu": "M3 5h14M3 10h14M3 15h14",
    "chart": "M3 17V3M3 17h14M6.5 14V9M10 14V5M13.5 14v-3",
    "settings": "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
    "more": "M4 10a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0M9.3 10a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0M14.6 10a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0",
    "down": "M6 8l4 4 4-4",
    "key": "M3 5h14v10H3zM6 8h.01M9 8h.01M12 8h.01M14.5 8h.01M6 12h8",
    "sun": "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4",
    "moon": "M16.5 11.5A6.8 6.8 0 0 1 8.5 3.5a6.8 6.8 0 1 0 8 8z",
    "screen": "M3 4h14v9H3zM7 17h6M10 13v4",
    "help": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM7.8 8a2.2 2.2 0 1 1 3 2c-.6.3-.8.7-.8 1.4M10 13.8h.01",
    "fold": "M3 4h14v12H3zM8 4v12M13.5 8l-2 2 2 2",
    "call": "M6 3h3l1 4-2 1.5a9 9 0 0 0 3.5 3.5L13 10l4 1v3c0 1.5-1 3-3 3A11 11 0 0 1 3 6c0-2 1.5-3 3-3z",
    "copy": "M7 7h9v10H7zM7 13H4V3h9v4",
    "bell": "M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13zM8.500 17.500h3M10 2.500V4",
    "announce": "M4 8v4h3l6 4V4L7 8zM16 8v4",
    "up": "M6 12l4-4 4 4",
    "close": "M5 5l10 10M15 5L5 15",
    "expand": "M11 4h5v5M16 4l-6 6M9 16H4v-5M4 16l6-6",
    "right": "M8 6l4 4-4 4",
    "left": "M12 6l-4 4 4 4",
    "filter": "M3 4h14l-5.5 6.5V16l-3 1.5v-7z",
    "columns": "M3 4h14v12H3zM8 4v12M12.5 4v12",
    "bin": "M4 6h12M8 6V4h4v2M5.5 6l.7 11h7.6l.7-11",
    "edit": "M4 16l.8-3.2L13 4.5l2.5 2.5-8.3 8.2zM11.5 6l2.5 2.5",
    "check": "M4 10.5l4 4 8-9",
    "out": "M8 4H4v12h4M12 6.5L15.5 10 12 13.5M8 10h7.5",
    "language": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM3 10h14M10 3c-4.5 4.5-4.5 9.5 0 14M10 3c4.5 4.5 4.5 9.5 0 14",
    "empty": "M3 11l2.5-7h9L17 11v5H3zM3 11h4l1 2h4l1-2h4",
    "warning": "M10 3l7.5 13.5h-15zM10 8v4M10 14.2h.01",
    "eye": "M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
    "in": "M10 3v9M6.5 8.5L10 12l3.5-3.5M4 13v3h12v-3",
    "play": "M6 4l10 6-10 6z",
    "file": "M5 3h7l3 3v11H5zM12 3v3h3",
    "user": "M10 3.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM4 17c.5-4 3-5.5 6-5.5s5.5 1.5 6 5.5",
    "contact": "M4 3h12v14H4zM10 6.5a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM7 14c.3-2 1.5-2.5 3-2.5s2.7.5 3 2.5M2.5 7H4M2.5 13H4",
    "again": "M16 10a6 6 0 1 1-1.8-4.2M16 3v3.5h-3.5",
    "calendar": "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3.5M13 3v3.5",
    "region": "M10 17.5S4.5 12 4.5 8a5.5 5.5 0 0 1 11 0c0 4-5.5 9.5-5.5 9.5zM10 6.2a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8z",
    "move": "M3 10h12M11 6l4 4-4 4",
    "customer": "M4 17V5l7-2v14M11 8h5v9M2.5 17h15M6.5 7.5h2M6.5 10.5h2M6.5 13.5h2M13 11h1M13 14h1",
    "lead": "M10 3v3M10 14v3M3 10h3M14 10h3M10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
    "opportunity": "M3 4h14M5 8h10M7 12h6M9 16h2",
    "product": "M10 3l6.5 3.5v7L10 17l-6.5-3.5v-7zM3.5 6.5L10 10l6.5-3.5M10 10v7",
    "pipeline": "M3 5h3v10H3zM8.5 5h3v7h-3zM14 5h3v4h-3z",
    "stage": "M3 6h9l4 4-4 4H3l3-4z",
    "activity": "M4 4h12v9H9l-3.5 3V13H4zM7 7.5h6M7 10h4",
    "task": "M4 4h12v12H4zM7 10l2 2 4-4.5",
    "history": "M10 3a7 7 0 1 1-6.3 4M3 3.5V7h3.5M10 6.5V10l2.5 2",
    "department": "M8 3h4v4H8zM3 13h4v4H3zM13 13h4v4h-4zM10 7v3M5 13v-3h10v3",
    "role": "M10 3l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V5zM7.5 10l2 2 3-3.5",
    "dictionary": "M4 4h5c.7 0 1 .5 1 1v12c0-1-.5-1.5-1.5-1.5H4zM16 4h-5c-.7 0-1 .5-1 1v12c0-1 .5-1.5 1.5-1.5H16z",
    "field": "M3 6h14v8H3zM6 9v2M9 10h5",
    "rate": "M4 7h11l-3-3M16 13H5l3 3",
    "clock": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l3 2",
    "clip": "M14.5 9.5l-5 5a3 3 0 0 1-4.2-4.2l6-6a2 2 0 0 1 2.8 2.8l-5.7 5.7a1 1 0 0 1-1.4-1.4l5-5",
    "camera": "M3 6h3l1.5-2h5L14 6h3v10H3zM10 8.2a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600z",
    "voice": "M10 3a2.2 2.2 0 0 0-2.200 2.200v4.600a2.200 2.200 0 0 0 4.400 0V5.200A2.200 2.200 0 0 0 10 3zM5 9.500a5 5 0 0 0 10 0M10 14.500V17M7 17h6",
    "chain": "M8.5 11.5l3-3M9 6.5l1.8-1.8a3.2 3.2 0 0 1 4.5 4.5L13.5 11M11 13.5l-1.8 1.8a3.2 3.2 0 0 1-4.5-4.5L6.5 9",
    "phone": "M5 3h3l1 4-2 1.5c.8 2 2.5 3.7 4.5 4.5L13 11l4 1v3c0 1.1-.9 2-2 2C9 16.5 3.5 11 3 5c0-1.1.9-2 2-2z",
    "visit": "M10 17c-3.5-4-5-6.5-5-8.5a5 5 0 0 1 10 0c0 2-1.5 4.5-5 8.5zM10 6.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
    "wechat": "M8.5 4C5.5 4 3 6 3 8.5c0 1.400.8 2.700 2 3.5l-.5 2 2.300-1.200c.5.1 1.100.2 1.700.2M12.5 8.5c2.5 0 4.5 1.700 4.5 3.800 0 1.200-.6 2.200-1.600 2.900l.4 1.600-1.900-1c-.5.1-.9.2-1.400.2-2.5 0-4.5-1.700-4.5-3.700s2-3.800 4.5-3.800z",
    "email": "M3 5h14v10H3zM3 6l7 5 7-5",
    "meeting": "M7 4.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM13.5 5.5a1.700 1.700 0 1 0 0 3.400 1.700 1.700 0 0 0 0-3.400zM2.5 15.5c.3-3 2-4.5 4.5-4.5s4.200 1.5 4.5 4.5M12.5 11.300c2.800-.5 4.700 1 5 4.200",
    "sms": "M3 4h14v9H9l-4 3v-3H3zM7 8.5h.01M10 8.5h.01M13 8.5h.01",
    "other": "M5 10h.01M10 10h.01M15 10h.01",
    "contract": "M5 3h10v14H5zM8 7h4M8 10h4M10.5 13.5l1 1 2-2",
    "payment": "M3 5h14v10H3zM3 8.5h14M6 12h3",
    "invoice": "M5 3h10v14l-2-1.5-1.5 1.5-1.5-1.5L8.5 17 7 15.5 5 17zM8 7h4M8 10h4",
    "ticket": "M3 6h14v3a1.5 1.5 0 0 0 0 3v3H3v-3a1.5 1.5 0 0 0 0-3zM12 6v9",
    "campaign": "M4 8v4h3l6 4V4L7 8zM15.5 7.5c1 1.5 1 3.5 0 5",
}


@lru_cache(maxsize=500)
def icon(name: str) -> Markup:
    """An icon as inline SVG; decoration only, so hidden from screen readers."""
    path = PATHS.get(name) or PATHS["record"]
    return Markup(  # noqa: S704 - the paths are the table above
        f'<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false"><path d="{path}"/></svg>'
    )
