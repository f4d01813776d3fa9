"""Tests of the scripts' command line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
SCRIPT = "from script_paths import script_paths; print(*script_paths('What the script writes.', 'source', 'target'))"


def run(*arguments: str, folder: str) -> subprocess.CompletedProcess[str]:
    """Runs a script with two paths in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
    )


class ScriptPaths(unittest.TestCase):
    """Scripts write nothing for arguments that they don't know."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_paths_are_returned(self) -> None:
        self.assertEqual(run("a", "b c", folder=self.folder).stdout, "a b c\n")

    def test_help_is_no_path(self) -> None:
        done = run("--help", folder=self.folder)
        self.assertEqual(done.returncode, 0)
        self.assertIn("What the script writes.", done.stdout)

    def test_unknown_option_is_rejected(self) -> None:
        for arguments in (["--hlep"], ["a", "--hlep"], ["a"], ["a", "b", "c"]):
            done = run(*arguments, folder=self.folder)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("usage:", done.stderr)

    def test_no_script_reads_arguments_itself(self) -> None:
        for script in FOLDER.glob("*.py"):
            self.assertNotIn("sys.argv", script.read_text(), script.name)


if __name__ == "__main__":
    unittest.main()
