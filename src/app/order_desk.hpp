#pragma once
// What happens after the yes, as the rest of the process sees it.

#include <chrono>
#include <optional>

#include "fulfilment/desk.hpp"
#include "fulfilment/paper_desk.hpp"
#include "fulfilment/remote/remote_workers.hpp"
#include "port/invoices.hpp"
#include "port/payment.hpp"
#include "port/payment_notices.hpp"

namespace scalemart {

/// Lifetimes: opened between the engine's opening and its start; stop() before the engine stops.
/// Concurrency: start and stop from one thread.
class OrderDesk {
 public:
  virtual ~OrderDesk() = default;
  virtual void start() = 0;
  /// Gives what is under way up to `patience`; the rest is taken up again later, by whoever works then. Idempotent.
  virtual void stop(std::chrono::nanoseconds patience) = 0;

  [[nodiscard]] virtual FulfilmentDesk& fulfilment() = 0;
  [[nodiscard]] virtual Invoices& invoices() = 0;
  [[nodiscard]] virtual PaymentProvider& payments() = 0;
  /// What mails behind the sale need; nothing: there are none.
  struct Post {
    Mailer* mailer = nullptr;
    AddressBook* addresses = nullptr;
    PaperSettings papers = {};
  };
  [[nodiscard]] virtual std::optional<Post> post() { return std::nullopt; }
  /// nullptr: the provider tells nothing by itself.
  [[nodiscard]] virtual const PaymentNotices* notices() const = 0;
  /// A gateway of this process has confirmed an order itself: its papers are to be made. Any thread, quick.
  virtual void confirmed_here(const OpenOrder& order) = 0;
  /// Where workers of other processes join over the control socket; nullptr: they have another way.
  [[nodiscard]] virtual RemoteWorkers* remote_workers() { return nullptr; }
};

}  // namespace scalemart
