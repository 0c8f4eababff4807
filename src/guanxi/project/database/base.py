"""The name and place of this file are what Django looks for in a database engine."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    """What Django does in PostgreSQL's words."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """For whoever records statements: a cursor that sends values apart has no text with the values in it."""
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL."""

    ops_class = DatabaseOperations

    def is_usable(self) -> bool:
        """Asked before each request's first statement. A server that ended said so: then there is something to read, and only
        then the server is asked whether it still listens, which costs a trip there and back."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or bool(super().is_usable())
