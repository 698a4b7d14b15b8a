#pragma once
// What `scalemart queue watch` shows, as lines: a function of what was seen.

#include <deque>
#include <optional>

#include "app/queue_text.hpp"
#include "app/terminal.hpp"
#include "base/clock.hpp"

namespace scalemart {

/// One number over the last seconds, newest last.
class Course {
 public:
  static constexpr std::size_t kMost = 240;
  void add(std::optional<double> value) {
    values_.push_back(value);
    if (values_.size() > kMost) values_.pop_front();
  }
  /// The newest ones in so many columns, the highest in the middle of its row's height; what is not known is a dot.
  [[nodiscard]] std::string spark(std::size_t columns) const;
  [[nodiscard]] double most(std::size_t columns) const;

 private:
  std::deque<std::optional<double>> values_;
};

struct QueueScreen {
  boost::json::object overview;
  boost::json::object letters;
  Course confirmed;  ///< Orders a second.
  Course depth;
  std::string fault;    ///< Not empty: the last look failed, what is shown is older.
  std::string notice;   ///< The answer to a key.
  WallTime seen{};      ///< When it was looked.
  std::string address;  ///< Whose queue.
};

/// As many lines as the terminal has, none wider. What has no room is left out, from the dead letters up.
[[nodiscard]] std::vector<Line> compose(const QueueScreen& screen, const TerminalSize& size);
/// One line for what is no terminal.
[[nodiscard]] std::string in_a_line(const QueueScreen& screen);

}  // namespace scalemart
