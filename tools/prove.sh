#!/usr/bin/env bash
# The long versions of what ./dev test runs briefly: prove.sh [MINUTES]. Called by ./dev prove.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-10}
case "$minutes" in '' | *[!0-9]* | 0) echo "usage: ./dev prove [MINUTES]" >&2; exit 2 ;; esac

failed=()
ran=0
skipped=0

prove() { # prove NAME COMMAND...
  local name=$1
  shift
  echo "==> $name, up to $minutes min"
  ran=$((ran + 1))
  local code=0
  "$@" || code=$?
  if [ "$code" -eq 77 ]; then echo "skipped: $name (it said why)"; skipped=$((skipped + 1)); return; fi
  [ "$code" -eq 0 ] || failed+=("$name")
}

# About 13,000 seeds of 5,000 operations a minute; a new first seed for each day, printed by the test.
export SCALEMART_SIM_SEEDS=$((minutes * 10000))
export SCALEMART_SIM_FIRST_SEED=${SCALEMART_SIM_FIRST_SEED:-$(date +%Y%m%d)00000}
for program in build/tests/*model_tests build/tests/sim*_tests; do
  if [ -x "$program" ]; then prove "$(basename "$program")" "$program"; fi
done

# Seeds that nobody has run before; a failure prints the one to repeat.
simulate=build/tests/sim/simulate
if [ -x "$simulate" ]; then
  prove "simulator" "$simulate" --first "$(date +%s)" --seeds 1000000000 --ops 4000 --seconds "$SCALEMART_PROVE_SECONDS"
  prove "a fault at every append" "$simulate" --sweep --ops 1500
  prove "mutants of the program: must be noticed" python3 tests/sim/mutants.py
fi

# A cycle of either loop takes about a second.
writer=build/tests/crash/crash_writer
cycles=$((minutes * 60))
if [ -x "$writer" ]; then
  prove "kill loop" python3 tests/crash/kill_loop.py --writer "$writer" --cycles "$cycles"
  prove "power cuts" python3 tests/crash/power_cut.py --writer "$writer" --cycles "$cycles"
  prove "power cuts without the sync: must lose" \
    python3 tests/crash/power_cut.py --writer "${writer}_no_sync" --cycles 20 --expect-loss
fi

if [ -x build/scalemart ]; then
  prove "200 SIGTERMs under load" env SCALEMART_SIGTERMS=200 SCALEMART_BINARY="$PWD/build/scalemart" \
    python3 tests/contract/restart_test.py Drain.test_sigterm_under_load_breaks_no_answer
fi

[ "$ran" -gt 0 ] || { echo "./dev prove: no simulator and no crash test is there to run" >&2; exit 2; }
if [ ${#failed[@]} -gt 0 ]; then echo "FAILED: ${failed[*]} ($ran ran)"; exit 1; fi
echo "proved: $((ran - skipped)) held, $skipped skipped, at $minutes min each"
