#!/usr/bin/env bash
# The long versions of what ./dev test runs briefly: prove.sh [MINUTES]. Called by ./dev prove.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-10}
case "$minutes" in '' | *[!0-9]* | 0) echo "usage: ./dev prove [MINUTES]" >&2; exit 2 ;; esac

# Read by the tests that loop: how long each may go on.
export SCALEMART_PROVE_SECONDS=$((minutes * 60))
failed=()
ran=0

prove() { # prove NAME COMMAND...
  local name=$1
  shift
  echo "==> $name, up to $minutes min"
  ran=$((ran + 1))
  "$@" || failed+=("$name")
}

for sim in build/sim build/tests/sim build/tests/sim/sim; do
  if [ -f "$sim" ] && [ -x "$sim" ]; then prove simulator "$sim" --seconds "$SCALEMART_PROVE_SECONDS"; break; fi
done
for script in tests/crash/*.py; do
  [ -e "$script" ] || continue
  case "$(basename "$script")" in _* | lib* | common* | harness*) continue ;; esac
  prove "$(basename "$script" .py)" python3 "$script" --binary build/scalemart --seconds "$SCALEMART_PROVE_SECONDS"
done

[ "$ran" -gt 0 ] || { echo "./dev prove: no simulator and no crash test is there to run" >&2; exit 2; }
if [ ${#failed[@]} -gt 0 ]; then echo "FAILED: ${failed[*]} ($ran ran)"; exit 1; fi
echo "proved: $ran of $ran held for up to $minutes min each"
