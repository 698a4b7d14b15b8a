#!/usr/bin/env bash
# Runs the benchmarks against the release build. Called by ./dev bench.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 bench/run.py --binary build/scalemart "$@"
