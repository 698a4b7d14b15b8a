#include "domain/time_text.hpp"

#include <algorithm>
#include <chrono>

namespace scalemart {
namespace {

constexpr std::int64_t kLastMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

void put(std::string& out, std::size_t at, int digits, std::int64_t value) {
  for (int i = digits - 1; i >= 0; --i, value /= 10)
    out[at + static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
}

/// Takes fixed fields off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = next();
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    return value;
  }
  void expect(char c) {
    if (next() != c) fail();
  }
  char next() {
    if (text_.empty()) return static_cast<char>(fail());
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  [[nodiscard]] char peek() const { return text_.empty() ? '\0' : text_.front(); }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  int fail() {
    good_ = false;
    return 0;
  }

 private:
  std::string_view text_;
  bool good_ = true;
};

int fraction_ms(Reader& in) {
  int ms = 0;
  int digits = 0;
  for (; in.peek() >= '0' && in.peek() <= '9'; ++digits) {
    const int digit = in.next() - '0';
    if (digits < 3) ms = ms * 10 + digit;
  }
  if (digits < 1 || digits > 9) in.fail();
  for (; digits < 3; ++digits) ms *= 10;
  return ms;
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  const std::int64_t ms = std::clamp<std::int64_t>(time.ms, 0, kLastMs);
  const auto days = static_cast<int>(ms / 86'400'000);
  const std::int64_t rest = ms % 86'400'000;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  std::string out = "0000-00-00T00:00:00.000Z";
  put(out, 0, 4, static_cast<int>(date.year()));
  put(out, 5, 2, static_cast<unsigned>(date.month()));
  put(out, 8, 2, static_cast<unsigned>(date.day()));
  put(out, 11, 2, rest / 3'600'000);
  put(out, 14, 2, rest / 60'000 % 60);
  put(out, 17, 2, rest / 1000 % 60);
  put(out, 20, 3, rest % 1000);
  return out;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader in(text);
  const int year = in.number(4);
  in.expect('-');
  const int month = in.number(2);
  in.expect('-');
  const int day = in.number(2);
  if (const char t = in.next(); t != 'T' && t != 't') in.fail();
  const int hour = in.number(2);
  in.expect(':');
  const int minute = in.number(2);
  in.expect(':');
  const int second = in.number(2);
  int ms = 0;
  if (in.peek() == '.') {
    in.next();
    ms = fraction_ms(in);
  }
  int offset_minutes = 0;
  if (const char zone = in.next(); zone == '+' || zone == '-') {
    const int hours = in.number(2);
    in.expect(':');
    const int minutes = in.number(2);
    if (hours > 23 || minutes > 59) in.fail();
    offset_minutes = (zone == '-' ? -1 : 1) * (hours * 60 + minutes);
  } else if (zone != 'Z' && zone != 'z') {
    in.fail();
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!in.good() || !in.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
  return WallTime{seconds * 1000 + ms};
}

}  // namespace scalemart
