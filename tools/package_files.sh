#!/bin/sh
# package_files.sh PROGRAM FOLDER SOURCE VERSION: what the package has beside the program, made by the program where it knows best.
set -eu
program=$1 out=$2 source=$3 version=$4
rm -rf "$out"
mkdir -p "$out/man1" "$out/man5" "$out/doc"
# The program alone decides; no setting of whoever builds.
run() { env -i PATH="$PATH" "$program" "$@"; }

run manual --into "$out/man1"
mv "$out"/man1/*.5 "$out/man5/"
run completion bash >"$out/scalemart.bash"
run completion zsh >"$out/_scalemart"
run completion fish >"$out/scalemart.fish"
run config --example --data /var/lib/scalemart >"$out/scalemart.toml"

cp "$source/CHANGELOG.md" "$out/doc/NEWS"
cat >"$out/doc/changelog" <<TEXT
scalemart ($version) unstable; urgency=medium

  * What changed is in NEWS.gz.

 -- ScaleMart <maintainers@scalemart.invalid>  $(LC_ALL=C date -u -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")
TEXT
gzip -9n "$out"/man1/* "$out"/man5/* "$out"/doc/*
