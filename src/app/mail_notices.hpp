#pragma once
// Mails about orders that came to nothing or were refunded.

#include "app/order_desk.hpp"
#include "notify/outbox.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: one more receiver of the outbox, whose deliveries are mails. The confirmation is no notice: it is a step of
/// fulfilment with its invoice. Concurrency: the outbox's thread begins, a thread of its own composes (an address is
/// looked up, which waits) and the mailer's ends.
class MailNotices {
 public:
  /// `kinds`: "failed,expired,refunded", or some of them, or "none".
  [[nodiscard]] static Result<std::unique_ptr<MailNotices>> open(OrderDesk::Post post, const std::string& kinds,
                                                                 Outbox& outbox, Metrics& metrics);
  ~MailNotices();
  /// After the outbox's, before the mailer's. Idempotent.
  void stop();

 private:
  explicit MailNotices(OrderDesk::Post post);
  void deliver(const Letter& event, std::function<void(DeliveryResult)> done);
  void write(const Letter& event, const std::function<void(DeliveryResult)>& done);

  const OrderDesk::Post post_;
  std::unique_ptr<IdlePool> pool_;
};

}  // namespace scalemart
