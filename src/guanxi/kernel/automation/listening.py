"""The journal as it grows, for surfaces that show changes at once."""

from __future__ import annotations

from guanxi.kernel.storage.listening import notices

__all__ = ["notices"]
