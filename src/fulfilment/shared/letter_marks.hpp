#pragma once
// Keeps processes from trying a dead letter again while another one discards it.

#include <optional>
#include <string>

#include "base/random.hpp"
#include "domain/ids.hpp"
#include "port/process_registry.hpp"

namespace scalemart {

/// Purpose: who discards an unpaid order asks the provider to cancel its payment, and that cancellation may arrive
/// late. Were the order paid anew meanwhile, its buyer would lose the money of a confirmed order. So both leave a mark,
/// and look for the other's afterwards: of two that come together at least one sees the other and lets go. Operation:
/// marks are entries of a registry of their own. They end by themselves, for a process may die with one. Concurrency:
/// one thread.
class LetterMarks {
 public:
  enum class Kind { retry, discard };
  LetterMarks(ProcessRegistry& registry, Random& random) : registry_(registry), random_(random) {}

  struct Claim {
    bool away = false;                ///< The registry does not answer: nothing may be begun.
    std::optional<std::string> mark;  ///< Nothing: somebody is at the opposite.
  };
  [[nodiscard]] Claim claim(Kind kind, OrderId order);
  void end(const std::string& mark);

 private:
  ProcessRegistry& registry_;
  Random& random_;
};

}  // namespace scalemart
