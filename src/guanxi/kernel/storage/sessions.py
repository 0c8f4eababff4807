"""Browser sessions in the database, as Django keeps them, read by one plain statement."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db

from guanxi.kernel.storage import people


class SessionStore(db.SessionStore):
    """Every page reads its session, so the reading leaves out what Django's models cost."""

    def load(self) -> dict[str, Any]:
        key = self.session_key or ""
        found = people.session(key) if key.isalnum() else None  # what a browser sends may be anything
        if found is None:
            self._session_key = None
            return {}
        return self.decode(found)
