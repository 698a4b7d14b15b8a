#include "gateway/head_writer.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace scalemart {
namespace {

// reliability goals, A21. Data can neither be framed nor run, whatever a browser takes it for.
constexpr std::string_view kDataLines =
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";
constexpr std::string_view kPageLines =
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";
constexpr std::string_view kTlsLine = "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";

constexpr std::string_view kOkLine = "HTTP/1.1 200 OK\r\n";

std::string date_line(std::int64_t second) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t t = second;
  std::tm tm{};
  gmtime_r(&t, &tm);
  std::array<char, 64> text{};
  const int n =
      std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                    kDays[static_cast<std::size_t>(tm.tm_wday)], tm.tm_mday,
                    kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  return {text.data(), static_cast<std::size_t>(n)};
}

}  // namespace

void OutBuffer::put_number(std::uint64_t n) {
  SCALEMART_CHECK(room() >= 20);
  const auto [end, problem] = std::to_chars(data_.get() + size_, data_.get() + capacity_, n);
  static_cast<void>(problem);
  size_ = static_cast<std::size_t>(end - data_.get());
}

void HeadWriter::set_time(WallTime now) {
  if (now.ms / 1000 == second_) return;
  second_ = now.ms / 1000;
  const std::string date = date_line(second_);
  private_lines_.assign(date).append("Cache-Control: no-store\r\n").append(kDataLines);
  public_lines_.assign(date).append(kDataLines);
  page_lines_.assign(date).append(kPageLines);
}

void HeadWriter::write(OutBuffer& out, const ResponseView& r, std::size_t body_size, const HeadFacts& facts) const {
  if (r.status == 200) {
    out.put(kOkLine);
  } else {
    out.put("HTTP/1.1 ");
    out.put_number(static_cast<std::uint64_t>(r.status));
    out.put(" ");
    out.put(reason_phrase(r.status));
    out.put("\r\n");
  }
  out.put(r.is_page ? page_lines_ : r.is_cacheable ? public_lines_ : private_lines_);
  if (facts.is_secure) out.put(kTlsLine);
  const bool has_body = r.status != 204 && r.status != 304;
  if (has_body) {
    out.put("Content-Type: ");
    out.put(r.content_type);
    if (!facts.is_stream) {
      out.put("\r\nContent-Length: ");
      out.put_number(body_size);
    }
    out.put("\r\n");
  }
  out.put("X-Request-Id: ");
  out.put(facts.request_id);
  if (!facts.keep_alive)
    out.put("\r\nConnection: close\r\n");
  else if (!facts.is_http11)
    out.put("\r\nConnection: keep-alive\r\n");
  else
    out.put("\r\n");
  out.put(facts.extra);
  out.put(r.headers);
  out.put("\r\n");
}

}  // namespace scalemart
