# install_packages GROUP...: installs the Debian packages of these groups that are missing; sourced by ./dev.
# Quick when nothing is missing: one dpkg-query, no network.

. "$ROOT/tools/packages.sh"

missing_packages() {
  # dpkg-query fails for names it has never seen; those are missing too.
  { dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
    awk -v wanted="$*" '
      $2 == "installed" { have[$1] = 1 }
      END { n = split(wanted, w, " "); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }'
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@" 2>/dev/null || sudo "$@"; fi
}

# Packages that bring a service (nginx) must not start it: it is only a program to us.
without_services() {
  local policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then "$@"; return; fi
  as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy"
  local code=0
  "$@" || code=$?
  as_root rm -f "$policy"
  return "$code"
}

install_packages() {
  local group wanted=() missing
  for group in "$@"; do
    local -n list="packages_$group"
    wanted+=("${list[@]}")
  done
  command -v dpkg-query >/dev/null || { need_by_hand "${wanted[*]}"; return; }
  missing=$(missing_packages "${wanted[@]}" | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then need_by_hand "$missing"; return; fi
  say "installing from Debian: $missing"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
    fail "apt-get update failed; is there a network and a package mirror?"
  # shellcheck disable=SC2086 # one word a package
  without_services as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing >"$LOGS/apt.log" 2>&1 ||
    { tail -n 15 "$LOGS/apt.log" >&2; fail "apt-get install failed; the whole output is in $LOGS/apt.log"; }
}

need_by_hand() {
  fail "these Debian 12 packages are missing and neither root nor sudo is here to install them:
  apt-get install --no-install-recommends $1"
}
