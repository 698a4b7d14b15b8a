# Builds the pages in web/; sourced by ./dev. Quick when nothing changed: a look at the sources' hashes.

WEB=$ROOT/web
NODE_MIN=18

has_node() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "$NODE_MIN" ]
}

# Debian 12's node is new enough. Another one that is there already, and new enough, serves as well.
install_node() {
  has_node && return 0
  install_packages pages
  has_node || fail "the pages need node $NODE_MIN or newer with npm; this is $(node --version 2>/dev/null || echo none)"
}

# One build of the pages at a time, whatever else runs (./dev check beside ./dev run).
alone() {
  local lock code=0
  mkdir -p "$BUILD"
  exec {lock}>"$BUILD/pages.lock"
  flock "$lock"
  "$@" || code=$?
  exec {lock}>&-
  return "$code"
}

hash_of_files() { sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1; }

# What npm ci would install, and for which node.
hash_of_lock() { { sha256sum <"$WEB/package-lock.json"; node --version; } | sha256sum | cut -d ' ' -f 1; }

# What the build reads: everything in web/ that neither npm nor a build nor a test made, and the API document.
hash_of_sources() {
  { find "$WEB" -name node_modules -prune -o -name 'dist*' -prune -o -name 'test-results*' -prune \
      -o -name 'playwright-report*' -prune -o -name coverage -prune -o -type f -print0
    printf '%s\0' "$ROOT/api/openapi.json"; } | hash_of_files
}

# Without the packages' own scripts: what is installed may be run by us, not run itself.
fill_node_modules() {
  local stamp=$WEB/node_modules/.scalemart-lock now
  now=$(hash_of_lock)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return 0; fi
  say "installing the pages' packages (npm ci)"
  (cd "$WEB" && npm ci --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error) >"$LOGS/npm.log" 2>&1 ||
    { tail -n 15 "$LOGS/npm.log" >&2; fail "npm ci failed; is there a network and a package registry?"; }
  mkdir -p "$WEB/node_modules"
  echo "$now" >"$stamp"
}

install_node_modules() {
  [ -f "$WEB/package-lock.json" ] || fail "web/package-lock.json is not there: the pages' sources are missing"
  install_node
  alone fill_node_modules
}

# The stamp lies in dist, so that whatever empties dist also has it built again.
make_dist() {
  local stamp=$WEB/dist/.scalemart-sources now
  now=$(hash_of_sources)
  if [ -f "$stamp" ] && [ -f "$WEB/dist-report/report.html" ] && [ "$(cat "$stamp")" = "$now" ]; then return 0; fi
  say "building the pages"
  (cd "$WEB" && nice -n 5 npm run build) >"$LOGS/pages.log" 2>&1 || { tail -n 40 "$LOGS/pages.log" >&2; return 1; }
  echo "$now" >"$stamp"
}

build_pages() {
  install_node_modules
  alone make_dist || { say "the build of the pages failed"; exit 1; }
}
