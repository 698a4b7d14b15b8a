#include "app/store_advice.hpp"

#include <algorithm>
#include <array>

namespace scalemart {
namespace {

struct Known {
  std::string_view words;  ///< Of libpq, PostgreSQL, the system or Redis.
  std::string_view advice;
};

constexpr std::string_view kLogin =
    "put the right user and password into the address, best into a file that @_FILE names";
constexpr std::string_view kName = "correct the host's name in the address, or this machine's name service";
constexpr std::string_view kAway = "start the server there, or correct the address";

constexpr std::array kKnown{
    Known{"password authentication failed", kLogin},
    Known{"no password supplied", kLogin},
    Known{"no pg_hba.conf entry", "let this machine and user in (pg_hba.conf), or correct the address"},
    Known{"WRONGPASS", kLogin},
    Known{"NOAUTH", kLogin},
    Known{"called without any password", "leave the password out of the address, or give the server's user one"},
    Known{"could not translate host name", kName},
    Known{"Name or service not known", kName},
    Known{"Temporary failure in name resolution", kName},
    Known{"Connection refused", kAway},
    Known{"No route to host", kAway},
    Known{"timeout expired", kAway},
    Known{"did not answer", kAway},
    Known{"permission denied for", "start it once as the owner of the tables, or GRANT the user its rights"},
    Known{"does not exist", "create it there, or correct the address"},
};

}  // namespace

std::string with_advice(std::string_view setting, std::string_view fault) {
  std::string line = std::string(setting) + ": " + std::string(fault);
  for (const Known& known : kKnown) {
    if (fault.find(known.words) == std::string_view::npos) continue;
    std::string advice(known.advice);
    if (const std::size_t at = advice.find('@'); at != std::string::npos) advice.replace(at, 1, setting);
    // A question at the end is the other program's advice: "... refused  Is the server running on that host?"
    if (line.ends_with('?'))
      line.resize(std::min(line.size(), std::max(line.rfind("  ") + 1, line.rfind(". ") + 1) - 1));
    while (line.ends_with('.') || line.ends_with(' ')) line.pop_back();
    return line + "; " + advice;
  }
  return line;
}

}  // namespace scalemart
