"""The command line of scripts whose arguments are paths."""

import argparse
from pathlib import Path


def script_paths(description: str | None, *names: str) -> list[Path]:
    """Returns the arguments `names` of the command line. Exits with a usage message if one is missing, left over, or an
    unknown option.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in names:
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    return [getattr(arguments, name) for name in names]
