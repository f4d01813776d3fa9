"""Medians, ratios and the report's table."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path

OURS, PEER, OPENVINO = "this program", "IOPaint", "OpenVINO"


class Report:
    """Measurements by name and server."""

    def __init__(self, about: dict[str, object]) -> None:
        self.about = about
        self._numbers: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def note(self, what: str, unit: str, whose: str, number: float) -> None:
        """Adds a measurement."""
        self._numbers[what, unit][whose].append(number)
        print(f"  {what}: {whose} {number:.4g} {unit}", flush=True)

    def rows(self) -> list[dict[str, object]]:
        """Returns per measurement the medians, all values and the ratio of IOPaint to this server."""
        rows = []
        for (what, unit), numbers in self._numbers.items():
            medians = {whose: statistics.median(values) for whose, values in numbers.items()}
            ratio = None
            if OURS in medians and PEER in medians and medians[OURS] > 0:
                better_is_more = unit.endswith("/s")
                ratio = medians[OURS] / medians[PEER] if better_is_more else medians[PEER] / medians[OURS]
            rows.append({"what": what, "unit": unit, "medians": medians, "ratio": ratio, "numbers": dict(numbers)})
        return rows

    def table(self) -> str:
        """Returns the table as Markdown."""
        rows = self.rows()
        names = [name for name in (OURS, PEER, OPENVINO) if any(name in row["medians"] for row in rows)]
        lines = [f"{key}: {value}  " for key, value in self.about.items()]
        lines += ["", f"| what | {' | '.join(names)} | ratio |", f"| --- |{' ---: |' * (len(names) + 1)}"]
        for row in rows:
            cells = [f"{row['medians'][name]:.3g} {row['unit']}" if name in row["medians"] else "" for name in names]
            ratio = f"{row['ratio']:.2f}" if row["ratio"] else ""
            lines.append(f"| {row['what']} | {' | '.join(cells)} | {ratio} |")
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Writes report.md and report.json."""
        (folder / "report.md").write_text(self.table(), encoding="utf-8")
        report = {"about": self.about, "rows": self.rows()}
        (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
