#pragma once
// A terminal that is drawn on as a whole and given back as it was.

#include <termios.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scalemart {

enum class Style : std::uint8_t { plain, bold, dim, good, warn, bad, accent, bar };

struct Span {
  Style style = Style::plain;
  std::string text;
};
using Line = std::vector<Span>;

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Purpose: the other screen, without cursor and echo, from construction to destruction.
/// Operation: SIGINT, SIGTERM, SIGHUP and SIGWINCH come as keys: nothing else can end the program while the terminal
/// is not as it was. SIGTSTP is not heeded meanwhile.
/// Concurrency: one thread, one object at a time, before other threads are started or with these signals blocked there.
class Terminal {
 public:
  /// Standard input and output are one, and it can do what is needed.
  [[nodiscard]] static bool is_there();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static constexpr char kStop = '\x03';  ///< Somebody or something wants it to end.
  static constexpr char kResized = '\x0c';
  /// A key, or one of the above; nothing after `patience`.
  [[nodiscard]] std::optional<char> key(std::chrono::milliseconds patience);
  [[nodiscard]] TerminalSize size() const;
  /// Lines beyond the last row are left out; each is as wide as the terminal at most.
  void draw(const std::vector<Line>& lines);

 private:
  void write(std::string_view text) const;
  termios before_{};
  int signals_ = -1;
  bool colours_ = true;
};

/// The text of the lines with what colours them; `colours` false: without.
[[nodiscard]] std::string rendered(const Line& line, bool colours);

}  // namespace scalemart
