#!/usr/bin/env bash
# Measures with the folder that prepare.sh wrote, in which this script lies: at most ten minutes, no compiler, no network.
#
#   run.sh OUT [--device cuda] [--seconds 540] [--quick]
#
# Needs Python with PyTorch, whose libtorch the programs use. OUT receives report.json, report.md and the logs.
set -euo pipefail

out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter="data")' \
  "$folder/content.tar.xz" "$work"

# Where PyTorch's libraries are, and those of CUDA's wheels beside it.
libraries=$("$python" -c '
import pathlib, torch
package = pathlib.Path(torch.__file__).parent
wheels = sorted(folder for folder in (package.parent / "nvidia").glob("**/lib") if any(folder.glob("*.so*")))
print(":".join(map(str, [package / "lib", *wheels])))')
if ! undefined=$(LD_LIBRARY_PATH=$libraries ldd -r "$work/iopaint" 2>&1); then
  echo "$undefined" >&2
fi
if grep -qE 'undefined symbol|not found' <<< "$undefined"; then
  grep -E 'undefined symbol|not found' <<< "$undefined" | head -5 >&2
  echo "the programs don't match this PyTorch's libtorch: prepare with LIBTORCH set to the same version" >&2
  exit 1
fi
LD_LIBRARY_PATH=$libraries "$python" "$work/measure.py" "$work" --out "$out" "$@"
