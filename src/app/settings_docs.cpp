// docs/configuration.md, from the table.

#include <fmt/format.h>

#include "app/settings.hpp"

namespace scalemart {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string code_or_dash(std::string_view text) {
  return text.empty() ? "none" : fmt::format("`{}`", cell(text));
}

constexpr std::string_view kHead = R"(# Configuration

<!-- Written by `scalemart config --docs`; a test compares. Change src/app/settings.cpp instead. -->

Every setting has three names: a variable (`SCALEMART_QUEUE_MAX`), a flag (`--queue-max`) and a key of the TOML
file (`queue_max`). Later wins: default, file (`--config FILE` or `SCALEMART_CONFIG`), credential, environment, flag.
`scalemart config` prints what is in effect and where each value came from, with secrets masked;
`scalemart config --example` a file to begin with.

A wrong value stops the start with exit code 3 and one line that names the variable, what was wrong and what is
allowed. An unknown key in the file stops it too; an unknown `SCALEMART_*` variable is a warning.

* Times: a number with `us`, `ms`, `s`, `m`, `h` or `d`. Sizes: bytes, or with `KiB`, `MiB`, `GiB`.
* Lists: comma separated; in the file also a TOML list.
* Marked with a key (🔑): may hold a secret. Give `SCALEMART_..._FILE` with the path of a file instead (a trailing
  newline is dropped), so that the secret stands in no environment and no process list. Or let systemd hand it over:
  with `LoadCredential=scalemart:FOLDER` the file `FOLDER/jwt_secret` is `SCALEMART_JWT_SECRET` ([install.md](install.md)).
)";

}  // namespace

std::string settings_markdown() {
  std::string out(kHead);
  std::string_view group;
  for (const Setting& s : settings()) {
    if (s.group != group) {
      group = s.group;
      out += fmt::format("\n## {}\n\n| variable | default | allowed | |\n|---|---|---|---|\n", group);
    }
    out += fmt::format("| `{}`{} | {} | {} | {} |\n", s.variable(), s.mask == Mask::none ? "" : " 🔑",
                       code_or_dash(s.fallback), cell(s.allowed()), cell(s.help));
  }
  out += R"(
## Limits that must fit together

Checked at every start:

* `SCALEMART_CONNECTIONS_MAX` plus 256 files of our own within the hard limit of open files (`ulimit -Hn`); the
  default shrinks to fit, a chosen value is refused.
* `SCALEMART_VIEWERS_MAX` below `SCALEMART_CONNECTIONS_MAX`, so that viewers never shut buyers out.
* `SCALEMART_COMMIT_WINDOW` at most a quarter of `SCALEMART_REQUEST_DEADLINE`.
* `SCALEMART_ACCESS_TTL` at most `SCALEMART_REFRESH_TTL`.
* Both or neither: `TLS_CERT` and `TLS_KEY`, `ADMIN_EMAIL` and `ADMIN_PASSWORD`, `SMTP_USER` and `SMTP_PASSWORD`.
* `PAYMENT=stripe:` needs `STRIPE_KEY`, and `PAYMENT_MODE=buyer` or a `payment_method=` ([payments.md](payments.md)).
* A shared shop: `DATABASE` with `postgresql://` or `mongodb://`, and `REDIS`, both or neither; `JWT_SECRET`; and in all its
  processes the same `PARTITIONS`. [moving.md](moving.md#what-stops-a-start) says what else stops a start.
)";
  return out;
}

}  // namespace scalemart
