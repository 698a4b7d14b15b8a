#pragma once
// Endpoints of other programs that are told of orders and stock, as administrators see them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/ids.hpp"
#include "port/outbox_store.hpp"

namespace scalemart {

struct WebhookSecret {
  std::string text;  ///< whsec_…
  WallTime until;    ///< 0: in use until it is replaced.
};

struct WebhookEndpoint {
  std::string id;
  std::string url;
  std::vector<std::string> events;  ///< Types, or groups such as "order.*"; empty: all.
  std::vector<WebhookSecret> secrets;
  WallTime created;
  bool by_setting = false;  ///< Of the configuration: it is changed there.
};

struct WebhookView {
  WebhookEndpoint endpoint;
  OutletPlace place;
  Sequence head = 0;  ///< Of the journal.
  std::size_t waiting = 0;
  std::uint64_t dead = 0;
  std::string problem;  ///< Of the last attempt that failed; empty since one succeeded.
};

struct WebhookDelivery {
  enum class State : std::uint8_t { delivered, waiting, dead };
  State state = State::delivered;
  Letter letter;
};

struct WebhookDraft {
  std::string url;
  std::vector<std::string> events;
  std::string secret;  ///< Empty: one is made.
};

struct WebhookChange {
  std::optional<std::string> url;
  std::optional<std::vector<std::string>> events;
  std::optional<bool> enabled;
};

/// Who asks, for the audit trail.
struct WebhookActor {
  std::string who, from;
};

struct WebhookRefusal {
  enum class Kind : std::uint8_t { not_found, wrong_input, conflict, unavailable };
  Kind kind = Kind::unavailable;
  std::string message;  ///< One sentence.
};

[[noreturn]] inline void throw_exception_from_error(const WebhookRefusal& refusal, const boost::source_location&) {
  throw std::runtime_error(refusal.message);
}

template <class T>
using WebhookResult = boost::system::result<T, WebhookRefusal>;

inline constexpr std::size_t kWebhooksMax = 16;

/// Purpose: endpoints managed at run time. Concurrency: any thread that may wait: for the accounts' store, a file, and
/// test() for the endpoint.
class Webhooks {
 public:
  virtual ~Webhooks() = default;
  [[nodiscard]] virtual WebhookResult<std::vector<WebhookView>> list() = 0;
  [[nodiscard]] virtual WebhookResult<WebhookView> find(const std::string& id) = 0;
  /// It is told of what happens from now on. The answer alone has the secret.
  [[nodiscard]] virtual WebhookResult<WebhookView> create(const WebhookDraft& draft, const WebhookActor& actor) = 0;
  [[nodiscard]] virtual WebhookResult<WebhookView> change(const std::string& id, const WebhookChange& change,
                                                          const WebhookActor& actor) = 0;
  /// A new secret; the one before signs too for `grace`.
  [[nodiscard]] virtual WebhookResult<WebhookView> rotate(const std::string& id, std::chrono::seconds grace,
                                                          const WebhookActor& actor) = 0;
  [[nodiscard]] virtual WebhookResult<void> remove(const std::string& id, const WebhookActor& actor) = 0;
  /// Sends a `webhook.test` event now, once, also to a disabled endpoint.
  [[nodiscard]] virtual WebhookResult<WebhookDelivery> test(const std::string& id) = 0;
  /// Newest first. What was delivered is remembered for the last few hundred, and not over a restart.
  [[nodiscard]] virtual WebhookResult<std::vector<WebhookDelivery>> deliveries(
      const std::string& id, std::optional<WebhookDelivery::State> state, std::size_t limit) = 0;
  /// Tries dead letters again; `key` empty: all. How many.
  [[nodiscard]] virtual WebhookResult<std::uint64_t> retry(const std::string& id, const std::string& key,
                                                           const WebhookActor& actor) = 0;
};

}  // namespace scalemart
