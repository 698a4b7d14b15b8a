#pragma once
// Whoever is told of orders and stock besides the shop's own pages.

#include "port/webhooks.hpp"

namespace scalemart {

/// Lifetimes: opened after the engine and the order desk, started after them, stopped before them. Concurrency: start
/// and stop from one thread.
class NoticeDesk {
 public:
  virtual ~NoticeDesk() = default;
  virtual void start() = 0;
  /// What is under way is told again by the next process. Idempotent.
  virtual void stop() = 0;
  [[nodiscard]] virtual Webhooks& webhooks() = 0;
};

}  // namespace scalemart
