#include "fulfilment/shared/letter_marks.hpp"

#include <algorithm>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kWithin = 1s;
/// An Unpark is decided by then, or never. A cancellation may be on its way for long.
constexpr std::chrono::milliseconds kRetryRemembered = 60s;
constexpr std::chrono::milliseconds kDiscardRemembered = 1h;

std::string prefix_of(LetterMarks::Kind kind, OrderId order) {
  return (kind == LetterMarks::Kind::retry ? "retry/" : "discard/") + to_string(order) + "/";
}

}  // namespace

LetterMarks::Claim LetterMarks::claim(Kind kind, OrderId order) {
  std::string mark = prefix_of(kind, order) + std::to_string(random_.next());
  const auto remembered = kind == Kind::retry ? kRetryRemembered : kDiscardRemembered;
  if (!registry_.beat(mark, "", remembered, kWithin)) return {true, std::nullopt};
  const std::string opposite = prefix_of(kind == Kind::retry ? Kind::discard : Kind::retry, order);
  const auto all = registry_.list(kWithin);
  const bool is_free = all && std::none_of(all->begin(), all->end(), [&](const ProcessRegistry::Entry& entry) {
                         return entry.name.starts_with(opposite);
                       });
  if (is_free) return {false, std::move(mark)};
  end(mark);
  return {!all, std::nullopt};
}

void LetterMarks::end(const std::string& mark) {
  static_cast<void>(registry_.beat(mark, "", std::chrono::milliseconds(0), kWithin));
}

}  // namespace scalemart
