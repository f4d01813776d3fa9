"""The report of benches/gpu."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches" / "gpu"))

import table  # noqa: E402


class TestReport(unittest.TestCase):
    def test_medians_are_by_batch(self) -> None:
        entries = [
            {"variant": "server", "side": 512, "batch": 2, "seconds": [0.02]},
            {"variant": "server", "side": 512, "batch": 1, "seconds": [0.01, 0.05, 0.012]},
            {"variant": "iopaint", "side": 512, "batch": 1, "error": "out of memory"},
        ]
        self.assertEqual(
            table.forward_table(entries).splitlines(),
            [
                "| variant, side in pixels | batch 1 | batch 2 |",
                "| --- | ---: | ---: |",
                "| server, 512 | 12.00 | 20.00 |",
                "| iopaint, 512 | out of memory | not measured |",
            ],
        )

    def test_percentile_is_a_measured_value(self) -> None:
        values = [float(value) for value in range(20, 0, -1)]
        self.assertEqual(table.percentile(values, 0.95), 19.0)
        self.assertEqual(table.percentile(values, 0.5), 10.0)
        self.assertEqual(table.percentile([3.0], 0.95), 3.0)

    def test_throughput_has_latencies(self) -> None:
        entry = {"name": "server", "clients": 16, "images_per_second": 31.4159, "seconds": [0.1, 0.3, 0.2]}
        self.assertIn("| server, 16 | 31.42 | 200.0 | 300.0 |", table.throughput_table([entry]))
        failed = {"name": "server", "clients": 1, "error": "did not start"}
        self.assertIn("| server, 1 | did not start |  |  |", table.throughput_table([failed]))

    def test_absent_sections_are_stated(self) -> None:
        text = table.report({"machine": {"device": "cpu"}, "checks": [{"name": "a|b", "outcome": "passed"}]})
        self.assertEqual(text.count("Not measured."), 2)
        self.assertIn("- device: cpu", text)
        self.assertIn("| a\\|b | passed |", text)


if __name__ == "__main__":
    unittest.main()
