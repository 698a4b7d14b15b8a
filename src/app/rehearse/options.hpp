#pragma once
// What a rehearsal is asked to do.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace scalemart::rehearse {

/// http://host:port; no path, no TLS.
struct Target {
  std::string host;
  std::uint16_t port = 80;
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] bool is_loopback() const;
};
[[nodiscard]] Result<Target> parse_target(std::string_view url);

/// Out of 100 visits.
struct Mix {
  unsigned shoppers = 70;
  unsigned refreshers = 25;
  unsigned bots = 5;
};
/// "shoppers=70,refreshers=25,bots=5"; what is not named is 0; the sum is 100.
[[nodiscard]] Result<Mix> parse_mix(std::string_view text);

struct Options {
  Target target;
  std::string product;
  double rate = 1000;  ///< Visits a second.
  std::chrono::microseconds duration{10'000'000};
  unsigned connections = 256;
  unsigned threads = 1;
  Mix mix;
  std::vector<std::string> tokens;  ///< Of buyers; shoppers take them in turn.
  std::string admin_token;          ///< Empty: drift is not asked for.
  std::uint64_t seed = 1;
  bool follow = true;                              ///< Shoppers wait for their order to be confirmed.
  std::chrono::microseconds timeout{10'000'000};   ///< For one answer.
  std::chrono::microseconds patience{60'000'000};  ///< After the last visit: for open orders and unknown outcomes.
  /// A visitor's second: the unit of Retry-After and of the waits between tries. Tests make it shorter.
  std::chrono::milliseconds second{1000};
  std::chrono::milliseconds settle{5000};  ///< How long the stock may take to show what buyers were told.
};

/// How many bot accounts: the first tokens, never used by shoppers.
[[nodiscard]] std::size_t bot_accounts(const Options& options);

}  // namespace scalemart::rehearse
