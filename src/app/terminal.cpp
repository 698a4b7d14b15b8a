#include "app/terminal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace scalemart {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

sigset_t heeded() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

bool Terminal::is_there() {
  const std::string_view kind = variable("TERM");
  return isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0 && !kind.empty() && kind != "dumb";
}

Terminal::Terminal() : colours_(variable("NO_COLOR").empty()) {
  const sigset_t set = heeded();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  write(kEnter);
}

Terminal::~Terminal() {
  write(kLeave);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  close(signals_);
  const sigset_t set = heeded();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<char> Terminal::key(std::chrono::milliseconds patience) {
  std::array<pollfd, 2> ready{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
  if (poll(ready.data(), ready.size(), static_cast<int>(patience.count())) <= 0) return std::nullopt;
  if (ready[1].revents != 0) {
    signalfd_siginfo signal{};
    if (read(signals_, &signal, sizeof signal) != sizeof signal) return std::nullopt;
    if (signal.ssi_signo == SIGWINCH) return kResized;
    return signal.ssi_signo == SIGTSTP ? std::nullopt : std::optional(kStop);
  }
  char key = 0;
  const auto size = read(STDIN_FILENO, &key, 1);
  if (size == 1) return key;
  return size == 0 || errno != EINTR ? std::optional(kStop) : std::nullopt;  // the terminal has gone
}

TerminalSize Terminal::size() const {
  winsize found{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0 || found.ws_row == 0) return {};
  return {found.ws_col, found.ws_row};
}

void Terminal::draw(const std::vector<Line>& lines) {
  const std::size_t rows = size().rows;
  std::string out = "\x1b[?2026h\x1b[H";  // all at once, where the terminal can
  for (std::size_t i = 0; i < std::min(rows, lines.size()); ++i)
    out += rendered(lines[i], colours_) + "\x1b[K" + (i + 1 < rows ? "\r\n" : "");
  write(out + (lines.size() < rows ? "\x1b[J" : "") + "\x1b[?2026l");
}

void Terminal::write(std::string_view text) const {
  while (!text.empty()) {
    const auto size = ::write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno != EINTR) return;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string rendered(const Line& line, bool colours) {
  // By Style. Without colours the bar and what is bold remain.
  static constexpr std::array<const char*, 8> kColours{"", "1", "2", "32", "33", "1;31", "36", "7"};
  std::string out;
  for (const Span& span : line) {
    const bool is_colour = span.style != Style::bold && span.style != Style::bar && span.style != Style::dim;
    const std::string_view code = is_colour && !colours ? "" : kColours[static_cast<std::size_t>(span.style)];
    out += code.empty() ? span.text : "\x1b[" + std::string(code) + "m" + span.text + "\x1b[0m";
  }
  return out;
}

}  // namespace scalemart
