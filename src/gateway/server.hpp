#pragma once
// The gateway as the application sees it.
//
// Order of life: construct, start() (listens; from now on requests are answered), drain() (finishes), stop()
// or the destructor. Handlers, guards, clock and whatever answers through Later, EventStream or AnswerSink
// are used until stop() returns; the loops' mailboxes outlive the server for as long as somebody holds one.
// AnswerSink pointers given out by await_answer() are good until the server is destroyed: stop the ledger
// before that.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "gateway/middleware/guards.hpp"
#include "gateway/openapi.hpp"
#include "gateway/options.hpp"
#include "gateway/route.hpp"

namespace scalemart {

class Gateway {
 public:
  struct Parts {
    GatewayOptions options;
    Routes routes;
    GuardsFactory guards;
    /// Gives bodies and queries their rules; nullptr: routes of Body::json are refused at start. Outlives
    /// this.
    const ApiDocument* document = nullptr;
    /// Answers what nobody serves, from any loop; none: the API's 404.
    Handler not_found = {};
  };

  /// Errors: routes that contradict each other, an address that cannot be listened on, unusable TLS files.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> create(Parts parts, const Clock& clock, Random& random);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Starts the loops' threads. The port listens since create(), so nobody is refused in between.
  void start();
  /// The real port, also when 0 was asked for.
  [[nodiscard]] std::uint16_t port() const;

  /// Stops accepting, closes idle connections and event streams, lets requests in flight finish; returns when
  /// nobody is left or the time is over. From any thread but a loop's.
  bool drain(std::chrono::milliseconds at_most);
  /// Ends the loops at once. Idempotent.
  void stop();

  /// Takes a new certificate and key for new connections; on error the old pair stays. From any thread.
  [[nodiscard]] Result<void> reload_tls(const TlsFiles& files);

  [[nodiscard]] std::size_t connections() const;
  /// False when some loop has not gone round for `limit`: for liveness.
  [[nodiscard]] bool is_turning(std::chrono::nanoseconds limit) const;

 private:
  struct State;
  explicit Gateway(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scalemart
