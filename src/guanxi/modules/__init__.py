"""The parts of the CRM, each a folder: `module.py` is the specification (read it first), `rules.py` plain functions,
`seeds.py` what a new workspace starts with, `demo.py` its share of the sample company.

A module imports `guanxi.kernel`, the standard library and modules it needs, never in a circle:
customers ← products ← sales ← activities. It knows no database, no HTTP and no page.
"""
