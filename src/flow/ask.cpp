#include "flow/ask.hpp"

#include <memory>

namespace scalemart {
namespace {

using Callback = std::function<void(const Answer&)>;

/// The token is the callback, on the heap until its answer comes.
class CallbackSink final : public AnswerSink {
 public:
  void answers(std::span<const Item> items) noexcept override {
    for (const Item& item : items) {
      const std::unique_ptr<Callback> then(reinterpret_cast<Callback*>(item.token));
      (*then)(item.answer);
    }
  }
};

}  // namespace

bool ask(SaleLedger& ledger, Command command, Callback then) {
  static CallbackSink sink;
  auto callback = std::make_unique<Callback>(std::move(then));
  if (!ledger.submit(Ticket{std::move(command), &sink, reinterpret_cast<std::uint64_t>(callback.get()), {}}))
    return false;
  static_cast<void>(callback.release());
  return true;
}

}  // namespace scalemart
