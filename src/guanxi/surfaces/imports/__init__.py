"""Tables in, tables out. The same steps serve the command line, the API's jobs and a page:

1. `reading.table.open_table(file)` – a Table: `format`, `encoding`, `delimiter`, `sheets`, `header_row`, `columns` as they were
   found out, `warnings`, `sample()` rows. Each of them can be given instead of found out.
2. `planning.propose(actor, table, object)` – a FileMapping of every column: as the person's last file with these columns was
   read (remembered), or by what columns are usually called. `FileMapping.to_json` and `mapping.parse` are its way to a form
   and back; `mapping.importable(actor, it)` are the fields to choose from.
   `examining.examine(…)` tells what stands in each column and how it would be read; `template.write_template` makes a workbook to fill in.
3. `planning.plan(actor, table, object, mapping)` – the mapping checked against table, rights and object: a Plan with what is
   left out (`unmapped`), or Invalid that names columns and fields at fault (`date-order`: which number is the month?).
4. `engine.run(…, dry_run=True)` – everything is done and undone: a `reports.Report` with exact counts, reasons, and
   `differences` (before and after) of records that would change and `examples`, the first rows of each kind.
5. `engine.run(actor, table, object, mapping, …)` – in batches, each one transaction; `progress`, `cancelled`, `errors` (the
   refused rows as a file), `ledger` (to go on after a crash). In the background: `surfaces.jobs.tasks.start_import`, whose
   job row tells state, progress and report.
6. `undoing.undo(actor, import_id)` – takes an import back as a whole; in the background `tasks.start_undo`.
   `undoing.preview` says before what that would do.

`exporting.export` writes lists.
"""
