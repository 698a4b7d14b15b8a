#!/usr/bin/env bash
# The pages in a browser, served by SCALEMART_PROGRAM. Without a browser: a loud skip, or with SCALEMART_REQUIRE_ALL a failure.
set -euo pipefail

browser=${SCALEMART_CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$browser" ]; then
  if [ "${SCALEMART_REQUIRE_ALL:-}" = 1 ]; then echo "FAILED (SCALEMART_REQUIRE_ALL=1): $browser is not there"; exit 1; fi
  echo "SKIPPED: $browser is not there (apt-get install chromium)"
  exit 77
fi
npm run build:gallery --silent
exec npx playwright test --project=e2e
