"""Reading tables from strangers' files, and writing them: see table.py for the way in, write.py for the way out."""

from guanxi.surfaces.imports.reading.layout import Kind
from guanxi.surfaces.imports.reading.table import Row, Table, open_table
from guanxi.surfaces.imports.reading.workbooks import Cell

__all__ = ["Cell", "Kind", "Row", "Table", "open_table"]
