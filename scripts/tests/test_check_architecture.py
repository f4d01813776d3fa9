"""Tests of the check of dependencies between crates."""

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import check_architecture as arch

Edges = dict[str, list[tuple[str, str | None]]]

HOUSE: Edges = {
    "iopaint-imaging": [("image", None)],
    "iopaint-inpaint": [("iopaint-imaging", None)],
    "iopaint-torch": [("iopaint-inpaint", None), ("tch", None)],
    "iopaint-engine": [("iopaint-torch", None), ("iopaint-inpaint", None), ("tokio", None)],
    "iopaint": [("iopaint-engine", None), ("axum", None), ("clap", None)],
    "image": [],
    "tch": [],
    "tokio": [],
    "axum": [("tokio", None)],
    "clap": [],
}


def metadata(changes: Edges) -> dict[str, Any]:
    edges = HOUSE | changes
    members = [name for name in edges if name.startswith("iopaint")]
    return {
        "packages": [
            {"id": f"id:{name}", "name": name, "dependencies": [{"name": d} for d, _ in deps]}
            for name, deps in edges.items()
        ],
        "workspace_members": [f"id:{name}" for name in members],
        "resolve": {
            "nodes": [
                {"id": f"id:{name}", "deps": [{"pkg": f"id:{d}", "dep_kinds": [{"kind": kind}]} for d, kind in deps]}
                for name, deps in edges.items()
            ]
        },
    }


def found(changes: Edges) -> list[str]:
    return list(arch.faults(arch.Graph(metadata(changes))))


class Arrows(unittest.TestCase):
    def test_the_house_as_drawn_has_no_fault(self) -> None:
        self.assertEqual(found({}), [])

    def test_an_arrow_turned_round_is_a_fault(self) -> None:
        (fault,) = found({"iopaint-imaging": [("image", None), ("iopaint-inpaint", "dev")]})
        self.assertIn("iopaint-imaging depends on iopaint-inpaint", fault)

    def test_libtorch_below_a_pure_crate_is_a_fault_even_through_another(self) -> None:
        faults = found({"image": [("tch", None)]})
        self.assertEqual(len(faults), 2)
        self.assertTrue(all("is built from tch" in fault for fault in faults))

    def test_http_in_a_pure_crate_is_a_fault(self) -> None:
        (fault,) = [f for f in found({"iopaint-inpaint": [("iopaint-imaging", None), ("tokio", None)]})]
        self.assertIn("iopaint-inpaint is built from tokio", fault)

    def test_what_only_tests_of_a_pure_crate_use_may_bring_anything(self) -> None:
        self.assertEqual(found({"iopaint-imaging": [("image", None), ("tokio", "dev")]}), [])

    def test_only_torch_names_tch(self) -> None:
        (fault,) = found({"iopaint-engine": [("iopaint-torch", None), ("tch", None)]})
        self.assertIn("iopaint-engine depends on tch", fault)

    def test_only_the_app_names_axum_utoipa_and_indicatif(self) -> None:
        for crate in ("axum", "utoipa", "indicatif"):
            (fault,) = found({crate: [], "iopaint-engine": [("iopaint-torch", None), (crate, "dev")]})
            self.assertIn(f"{crate}, which only iopaint may use", fault)

    def test_test_support_is_a_dev_dependency_only(self) -> None:
        support: Edges = {"iopaint-test-support": [("iopaint-inpaint", None)]}
        engine: list[tuple[str, str | None]] = [("iopaint-torch", None), ("iopaint-inpaint", None)]
        self.assertEqual(found(support | {"iopaint-engine": [*engine, ("iopaint-test-support", "dev")]}), [])
        (fault,) = found(support | {"iopaint-engine": [*engine, ("iopaint-test-support", None)]})
        self.assertIn("iopaint-engine depends on iopaint-test-support outside its tests", fault)

    def test_undeclared_crate_is_a_fault(self) -> None:
        (fault,) = found({"iopaint-extra": []})
        self.assertIn("iopaint-extra is missing", fault)


if __name__ == "__main__":
    unittest.main()
