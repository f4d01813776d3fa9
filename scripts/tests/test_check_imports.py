"""Tests of the check for import cycles, on crates of a few lines."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from check_imports import Crate, leaves, without_tests  # noqa: E402


def crate(**files: str) -> Crate:
    """A crate from file names, with `__` for `::` and `root` for lib.rs."""
    return Crate({() if name == "root" else tuple(name.split("__")): text for name, text in files.items()})


class UseTrees(unittest.TestCase):
    def test_nested(self) -> None:
        found = list(leaves("crate::{a::{B, c::D as E}, f, g::{self}}"))
        self.assertEqual(
            found,
            [
                (("crate", "a", "B"), "B"),
                (("crate", "a", "c", "D"), "E"),
                (("crate", "f"), "f"),
                (("crate", "g"), "g"),
            ],
        )


class Cycles(unittest.TestCase):
    def test_two_files(self) -> None:
        both = crate(root="mod a; mod b;", a="use crate::b::B; pub struct A;", b="use super::a::A; pub struct B;")
        self.assertEqual(both.cycles(), [[("a",), ("b",)]])

    def test_chain_has_none(self) -> None:
        chain = crate(root="", a="use crate::b::B;", b="use crate::c::C;", c="pub struct C;")
        self.assertEqual(chain.cycles(), [])

    def test_through_reexport(self) -> None:
        both = crate(root="pub use b::B;", a="use crate::B; pub struct A;", b="use crate::a::A; pub struct B;")
        self.assertEqual(both.cycles(), [[("a",), ("b",)]])

    def test_qualified_path(self) -> None:
        both = crate(root="", a="fn f() { crate::b::g() }", b="fn g() { crate::a::f() }")
        self.assertEqual(both.cycles(), [[("a",), ("b",)]])

    def test_parent_and_child(self) -> None:
        both = crate(root="", a="use self::c::g; pub struct A;", a__c="use super::A; pub fn g() {}")
        self.assertEqual(both.cycles(), [[("a",), ("a", "c")]])

    def test_reexport_of_a_child_is_none(self) -> None:
        child = crate(root="", a="pub use self::c::g; pub struct A;", a__c="use super::A; pub fn g() {}")
        self.assertEqual(child.cycles(), [])

    def test_tests_and_comments_are_none(self) -> None:
        text = '// use crate::b::B;\nconst A: &str = "crate::b::B";\n#[cfg(test)]\nmod tests { use crate::b::B; }\n'
        alone = crate(root="", a=text, b="use crate::a::A;")
        self.assertEqual(alone.cycles(), [])


class TestItems(unittest.TestCase):
    def test_code_after_a_test_item_stays(self) -> None:
        self.assertEqual(without_tests("a;#[cfg(test)] mod tests { { } }b;#[cfg(test)] use c;d;").split(), ["a;b;d;"])


if __name__ == "__main__":
    unittest.main()
