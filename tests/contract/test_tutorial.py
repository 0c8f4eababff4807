"""docs/tutorial.md does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

TRY = """
import django; django.setup()
from guanxi.base.errors import Invalid
from guanxi.kernel import setup
from guanxi.kernel.records import door, finding, people, reading, telling
setup.migrate(lambda step: None)
setup.create_user("tutor", "辅导", ["admin"], "a long enough password")
actor = people.by_username("tutor", via="test")
made = door.perform("loan_machine", "create", actor=actor, changes={"name": "演示机 A", "value": "12800"})
try:
    door.perform("loan_machine", "update", actor=actor, id=made.id, changes={"state": "lent"})
except Invalid as problem:
    refused = problem.to_dict("en")["errors"]
customer = door.perform("customer", "create", actor=actor, changes={"name": "云山公司"})
door.perform("loan_machine", "update", actor=actor, id=made.id, changes={"state": "lent", "customer": str(customer.id)})
door.perform("loan_machine", "hand_back", actor=actor, id=made.id)
row = reading.get("loan_machines", made.id, actor=actor)
import json
print(json.dumps({
    "refused": refused, "state": row["state"], "number": row["number"][-4:], "customer": row["customer"]["label"],
    "found": [hit.title for hit in finding.search("演示机", actor=actor)],
    "history": [told.verb for told in telling.history("loan_machine", made.id, actor=actor)],
}))
"""


def test_the_tutorial_adds_a_working_object(database_url: str, tmp_path: Path) -> None:
    text = (ROOT / "docs/tutorial.md").read_text("utf-8")
    code = re.search(r"```python file=lending/module\.py\n(.*?)```", text, re.S)
    assert code is not None
    folder = tmp_path / "lending"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "migrations" / "__init__.py").touch()
    (folder / "module.py").write_text(code[1], "utf-8")
    env = os.environ | {
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}{os.pathsep}{ROOT}",
        "GUANXI_MODULES": "tests.toy.module,lending.module",
        "DATABASE_URL": database_url,
    }
    made = subprocess.run([sys.executable, "-m", "django", "makemigrations", "lending"], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert "gx_loan_machine" in (folder / "migrations" / "0001_initial.py").read_text("utf-8")
    tried = subprocess.run([sys.executable, "-c", TRY], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert json.loads(tried.stdout.splitlines()[-1]) == {
        "refused": [{"field": "customer", "code": "required", "message": "Name the customer it is lent to."}],
        "state": "here",
        "number": "-001",
        "customer": "云山公司",
        "found": ["演示机 A"],
        "history": ["hand_back", "update", "create"],
    }
