"""Requests under contention: the same request, idle and with busy loops on the same processors."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator

# Number of busy processes beside the server.
BUSY = (0, 1, 2)


def _spin() -> None:
    """Keeps one processor busy until the process is terminated."""
    while True:
        pass


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Runs `count` busy processes within the block."""
    context = multiprocessing.get_context("spawn")
    loops = [context.Process(target=_spin, daemon=True) for _ in range(count)]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.join()


def measure(rounds: int, requests: dict[str, Callable[[], float]], note: Callable[[str, str, float], None]) -> None:
    """Measures each request `rounds` times beside each number of busy loops.

    `requests` maps a server's name to a function that sends one request and returns its seconds. `note` receives the
    name of the measurement, the server's name and the seconds. All servers and loads alternate within a round, so that
    a change in the machine's speed affects all of them.
    """
    for request in requests.values():
        request()
    for _ in range(rounds):
        for count in BUSY:
            with busy_loops(count):
                for server, request in requests.items():
                    note(label(count), server, request())


def label(count: int) -> str:
    """Returns a measurement's name in the report."""
    return "idle" if count == 0 else f"beside {count} busy loop{'s' if count > 1 else ''}"
