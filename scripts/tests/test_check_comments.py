"""Tests of the check for the width of comments."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from check_comments import MAX_COLUMNS, too_wide  # noqa: E402


class TooWide(unittest.TestCase):
    def test_comment(self) -> None:
        fits = "// " + "word " * 20
        wide = "    /// " + "word " * 25
        self.assertEqual(list(too_wide(f"{fits}\n{wide}\n * {wide.strip(' /')}\n")), [2, 3])

    def test_code_is_exempt(self) -> None:
        self.assertEqual(list(too_wide("let a = " + "1 + " * 40)), [])

    def test_url_is_exempt(self) -> None:
        self.assertEqual(list(too_wide("// https://example.org/" + "a" * MAX_COLUMNS)), [])


if __name__ == "__main__":
    unittest.main()
