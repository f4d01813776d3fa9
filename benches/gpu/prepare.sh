#!/usr/bin/env bash
# Prepares the folder that run.sh measures with on a machine without compilers and network access; see README.md.
#
#   LIBTORCH=FOLDER TARGET_DIR=FOLDER benches/gpu/prepare.sh [OUT]
#
# LIBTORCH is the libtorch to build against (default: the cache's), TARGET_DIR cargo's folder for it. VARIANTS are further flags
# of the server, one set per line, for which the throughput is measured too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=${1:-build/gpu/prepared}
max_bytes=$((64 * 1024 * 1024))
variants=${VARIANTS:-$'--batch-size=1\n--batch-size=8'}
export CARGO_TARGET_DIR=${TARGET_DIR:-target}
if [ -n "${LIBTORCH:-}" ]; then
  # tch expects one version; the build fails if another one's functions differ.
  export LIBTORCH_BYPASS_VERSION_CHECK=1
fi

cargo build --release --locked -p iopaint --bin iopaint
cargo build --release --locked -p iopaint-torch --example device_forward
tests=$(cargo test --release --locked -p iopaint-torch --lib --no-run --message-format=json \
  | python3 -c 'import json, sys
print([m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable") and m["profile"]["test"]][-1])')

content=$(mktemp -d)
trap 'rm -rf "$content"' EXIT
for program in "$CARGO_TARGET_DIR/release/iopaint" "$CARGO_TARGET_DIR/release/examples/device_forward"; do
  strip -s -o "$content/$(basename "$program")" "$program"
done
strip -s -o "$content/torch_tests" "$tests"
cp benches/gpu/{measure,eager,table}.py benches/side_by_side/servers.py models/export/{lama_arch,script_paths,standin}.py "$content"
mkdir -p "$content/photos" "$content/source/server/torch" "$content/source/tests/fixtures"
for mask in tests/fixtures/photos/*.mask.png; do
  cp "$mask" "${mask%.mask.png}.png" "$content/photos"
done
# The files that the tests read at run time.
cp -r server/torch/{bridge,common,fastconv,src} "$content/source/server/torch"
cp -r tests/fixtures/{nets,state_dicts,upscale} "$content/source/tests/fixtures"
cuda=false
# With this library the build needs CUDA's headers, and has --gpu-memory.
if [ -f "${LIBTORCH:-}/lib/libc10_cuda.so" ]; then
  cuda=true
fi
CUDA=$cuda COMMIT=$(git describe --always --dirty) MANIFEST_DIR=$PWD/server/torch VARIANTS=$variants python3 -c '
import json, os
print(json.dumps({
    "commit": os.environ["COMMIT"],
    "cuda": os.environ["CUDA"] == "true",
    "manifest_dir": os.environ["MANIFEST_DIR"],
    "variants": [line for line in os.environ["VARIANTS"].splitlines() if line],
}))' > "$content/prepared.json"

rm -rf "$out"
mkdir -p "$out"
cp benches/gpu/run.sh "$out"
# Python unpacks it there: a bare machine may lack xz.
tar -C "$content" -c . | xz -T0 -3 > "$out/content.tar.xz"
bytes=$(du -sb "$out" | cut -f1)
echo "$out: $((bytes / 1024 / 1024)) MiB"
if [ "$bytes" -gt "$max_bytes" ]; then
  echo "more than 64 MiB" >&2
  exit 1
fi
