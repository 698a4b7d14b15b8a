# What each verb of ./dev needs from Debian 12. Sourced by tools/install.sh.

packages_build=(
  g++ cmake ninja-build pkg-config ccache mold python3 ca-certificates
  libboost1.81-dev libboost-json1.81-dev   # Asio, Beast, JSON, unordered
  libssl-dev libcurl4-openssl-dev libargon2-dev libsqlite3-dev libpq-dev libmongoc-dev libhiredis-dev
  libfmt-dev libspdlog-dev prometheus-cpp-dev
  libcli11-dev libtomlplusplus-dev libvalijson-dev libhpdf-dev libsystemd-dev
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev
)
packages_pages=(nodejs npm)   # only where there is no node of at least 18; see tools/pages.sh
packages_cluster=(postgresql redis-server redis-sentinel haproxy)
packages_test=(curl sqlite3 strace chromium postgresql redis-server redis-sentinel openssl haproxy nginx caddy mkdocs iproute2 python3-yaml
  exim4-daemon-light prometheus
  dpkg-dev file gzip systemd debootstrap lintian zsh fish man-db python3-jsonschema python3-pip)
packages_docs=(mkdocs)
packages_package=(dpkg-dev file gzip)
packages_check=(clang-format-14)
packages_bench=(wrk nginx)
packages_prove=(curl sqlite3 strace e2fsprogs)
