#pragma once
// The other gateways of a shop.

#include <string>
#include <vector>

namespace scalemart {

/// Purpose: what gateways of one shop do together besides selling: they know of each other and keep one budget a rate
/// limit. Concurrency: start and stop from one thread; the rest from any.
class Fleet {
 public:
  virtual ~Fleet() = default;
  virtual void start() = 0;
  virtual void stop() = 0;  ///< Idempotent.
  /// Why no traffic should come here, one line each.
  [[nodiscard]] virtual std::vector<std::string> faults() const = 0;
  /// Each gateway counts its requests alone, with its part of the budget.
  [[nodiscard]] virtual bool limits_are_apart() const = 0;
};

}  // namespace scalemart
