"""Duplicates in published data, by general rules: the sets, their true pairs and what is reached are in docs/duplicates.md."""

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from guanxi.base.likeness import Compare, Likeness


def read(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return [{k.strip(): (v or "").strip() for k, v in row.items()} for row in csv.DictReader(file, skipinitialspace=True)]


def f1(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> float:
    right = len(found & true)
    return 2 * right / (len(found) + len(true))


def test_people_mistyped(data: Path) -> None:
    rows = read(data / "g_duplicates/febrl/dataset2.csv")
    at = {row["rec_id"]: n for n, row in enumerate(rows)}
    answers = read(data / "g_duplicates/febrl/dataset2_true_pairs.csv")
    true = {(min(a, b), max(a, b)) for a, b in ((at[row["rec_id_a"]], at[row["rec_id_b"]]) for row in answers)}
    weights = {"given_name": 2, "surname": 2, "street_number": 1, "address_1": 1.5, "address_2": 0.7, "suburb": 1, "postcode": 1.5, "state": 0.3, "date_of_birth": 2.5, "soc_sec_id": 3}
    likeness = Likeness(rows, [Compare(name, weight, "signs") for name, weight in weights.items()])
    found = {(p.first, p.second) for p in likeness.pairs(0.42)}
    assert len(true) == 1934
    assert f1(found, true) >= 0.95


def test_restaurants_of_two_guides(data: Path) -> None:
    rows = read(data / "g_duplicates/restaurants_fodors_zagat/restaurant-nophone-training.csv")
    same: dict[str, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        same[row["unique_id"]].append(n)
    true = {pair for group in same.values() for pair in combinations(group, 2)}
    compares = [Compare("name", 1.5, place="city"), Compare("address", 1), Compare("city", 0.2)]
    found = {(p.first, p.second) for p in Likeness(rows, compares).pairs(0.65, single=True)}
    assert len(true) == 112
    assert f1(found, true) >= 0.97


def test_papers_of_two_libraries(data: Path) -> None:
    folder = data / "g_duplicates/dblp_acm"
    first, second = (read(folder / name, "latin-1") for name in ("DBLP2.csv", "ACM.csv"))
    at = {("a", row["id"]): n for n, row in enumerate(first)} | {("b", row["id"]): len(first) + n for n, row in enumerate(second)}
    answers = read(folder / "DBLP-ACM_perfectMapping.csv")
    true = {(at["a", row["idDBLP"]], at["b", row["idACM"]]) for row in answers}
    compares = [Compare("title", 2), Compare("authors", 1), Compare("year", 0.6, "signs")]
    found = {(p.first, p.second) for p in Likeness([*first, *second], compares).pairs(0.75, single=True, between=len(first))}
    assert len(true) == 2224
    assert f1(found, true) >= 0.97


@pytest.mark.parametrize("other", ["91310230630583319D", ""])
def test_two_right_codes_are_two_companies(other: str) -> None:
    rows = [{"name": "上海瀛霄消防工程有限公司", "code": "913102306321509637"}, {"name": "上海瀛宵消防工程有限公司", "code": other}]
    score = Likeness(rows, [Compare("name"), Compare("code", 1, "code")]).compare(0, 1).score
    assert (score == 0.0) if other else (score > 0.8)


def test_a_mistyped_code_is_no_other_company() -> None:
    rows = [{"name": "上海中瀛精密机械有限公司", "code": "913102306321509637"}, {"name": "上海中瀛精密机械有限公司", "code": "913102306321509639"}]
    found = Likeness(rows, [Compare("name"), Compare("code", 2, "code")]).compare(0, 1)
    assert found.score > 0.9
    assert found.why == ("name", "code")


def test_what_is_missing_says_nothing() -> None:
    rows = [{"name": "Acme", "phone": ""}, {"name": "Acme", "phone": "1"}, {"name": "", "phone": "1"}]
    likeness = Likeness(rows, [Compare("name", 3), Compare("phone", 1, "signs")])
    assert likeness.compare(0, 1).score == 1.0
    assert likeness.compare(0, 2).score == 0.0
    assert likeness.compare(1, 2).score == 0.0
    assert Likeness([], [Compare("name")]).pairs(0.5) == []
