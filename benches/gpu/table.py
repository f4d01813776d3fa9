"""The Markdown report of a measurement; pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence


def median_ms(entry: dict) -> str:
    """Returns the median of an entry in milliseconds, or the reason of its absence."""
    if "seconds" in entry:
        return f"{statistics.median(entry['seconds']) * 1000:.2f}"
    return entry.get("error", "not measured")


def rows(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table."""
    body = [list(line) for line in lines]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in [list(header), *body]]
    rule = ["---", *["---:" for _ in header[1:]]]
    return "\n".join("| " + " | ".join(line) + " |" for line in [escaped[0], rule, *escaped[1:]])


def forward_table(entries: Sequence[dict]) -> str:
    """Returns the medians of forward passes: a row per variant and side, a column per batch size."""
    batches = sorted({entry["batch"] for entry in entries})
    by_key: dict[tuple[str, int], dict[int, dict]] = {}
    for entry in entries:
        by_key.setdefault((entry["variant"], entry["side"]), {})[entry["batch"]] = entry
    return rows(
        ["variant, side in pixels", *[f"batch {batch}" for batch in batches]],
        [
            [f"{variant}, {side}", *[median_ms(found.get(batch, {})) for batch in batches]]
            for (variant, side), found in by_key.items()
        ],
    )


def throughput_table(entries: Sequence[dict]) -> str:
    """Returns the throughput of whole requests."""
    return rows(
        ["server, clients", "images per second", "median latency in ms", "p95 in ms"],
        [
            [
                f"{entry['name']}, {entry['clients']}",
                f"{entry['images_per_second']:.2f}" if "images_per_second" in entry else entry.get("error", ""),
                *(
                    [f"{statistics.median(times) * 1000:.1f}", f"{percentile(times, 0.95) * 1000:.1f}"]
                    if (times := entry.get("seconds"))
                    else ["", ""]
                ),
            ]
            for entry in entries
        ],
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the smallest value that at least `share` of the values don't exceed."""
    ordered = sorted(values)
    position = max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)
    return ordered[min(position, len(ordered) - 1)]


def check_table(checks: Sequence[dict]) -> str:
    """Returns the checks and their outcomes."""
    return rows(["check", "outcome"], [[check["name"], check["outcome"]] for check in checks])


def report(measured: dict) -> str:
    """Returns the report of a measurement, as `measure.py` writes it to JSON."""
    parts = ["# Measurement on a device", ""]
    parts += [f"- {key}: {value}" for key, value in measured.get("machine", {}).items()]
    sections = [
        ("Forward passes, medians in milliseconds", forward_table, measured.get("forward", [])),
        ("Whole requests", throughput_table, measured.get("throughput", [])),
        ("Checks", check_table, measured.get("checks", [])),
    ]
    for title, table, entries in sections:
        parts += ["", f"## {title}", "", table(entries) if entries else "Not measured."]
    return "\n".join(parts) + "\n"
