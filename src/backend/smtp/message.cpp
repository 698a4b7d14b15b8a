#include "backend/smtp/message.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "domain/mail_address.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_printable(char c) {
  return c >= 0x20 && c < 0x7f;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t kLine = 57;  // gives 76 characters
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + bytes.size() / kLine * 2 + 8);
  for (std::size_t at = 0; at < bytes.size(); at += kLine) out.append(base64(bytes.substr(at, kLine))).append("\r\n");
  return out;
}

/// RFC 2045, 6.7. Lines end with \n in `text` and with CRLF in the result.
std::string quoted_printable(std::string_view text) {
  constexpr std::size_t kLine = 73;
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool plain = is_printable(c) && c != '=' && !(c == ' ' && ends_line);
    if (column + (plain ? 1 : 3) > kLine) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
      ++column;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'=', kHex[byte >> 4], kHex[byte & 15]};
      column += 3;
    }
  }
  return out;
}

std::string display(std::string_view name, std::string_view address) {
  if (name.empty()) return std::string(address);
  const bool atoms = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '-';
  });
  std::string out;
  if (atoms && name.size() <= 60) {
    out = name;
  } else if (std::ranges::all_of(name, is_printable) && name.size() <= 60) {
    out = "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  } else {
    out = encode_header(name);
  }
  return out.append(" <").append(address).append(">");
}

void append_attachment(std::string& out, const Mail& mail, const std::string& boundary) {
  out += "--" + boundary + "\r\nContent-Type: application/pdf; name=\"" + mail.attachment_name +
         "\"\r\nContent-Disposition: attachment; filename=\"" + mail.attachment_name +
         "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_lines(mail.attachment);
}

bool is_kind(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

/// One part: its header, an empty line, its lines.
std::string text_part(std::string_view type, std::string_view text) {
  return std::string("Content-Type: text/").append(type) +
         "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text);
}

/// What the mail says: text, or text and HTML of which a reader shows the last that it can.
std::string body_part(const Mail& mail, const std::string& boundary) {
  if (mail.html.empty()) return text_part("plain", mail.text);
  return "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n" +
         text_part("plain", mail.text) + "\r\n--" + boundary + "\r\n" + text_part("html", mail.html) + "\r\n--" +
         boundary + "--\r\n";
}

bool is_file_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_printable(c) && c != '"' && c != '\\' && c != '/'; });
}

}  // namespace

std::string encode_header(std::string_view utf8) {
  if (utf8.size() <= 60 && std::ranges::all_of(utf8, is_printable) && utf8.find("=?") == std::string_view::npos)
    return std::string(utf8);
  constexpr std::size_t kWord = 42;  // bytes: 56 characters of base 64 and 12 around them
  std::string out;
  while (!utf8.empty()) {
    std::size_t size = std::min(utf8.size(), kWord);
    while (size < utf8.size() && size > 1 && (static_cast<unsigned char>(utf8[size]) & 0xc0) == 0x80) --size;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64(utf8.substr(0, size)) + "?=";
    utf8.remove_prefix(size);
  }
  return out;
}

std::string to_rfc5322_date(WallTime at) {
  using namespace std::chrono;
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds seconds_since{floor<seconds>(milliseconds(at.ms))};
  const auto day = floor<days>(seconds_since);
  const year_month_day date(day);
  const hh_mm_ss time(seconds_since - day);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000", kDays[weekday(day).c_encoding()],
                    static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                    static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                    static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

Result<std::string> build_message(const Mail& mail, const MailIdentity& identity) {
  if (!is_mail_address(mail.to)) return error("mail: the buyer's address cannot be written to");
  if (!is_mail_address(identity.from)) return error("mail: the sender's address is not one");
  for (const std::string* field : {&mail.to_name, &mail.subject, &identity.from_name})
    if (has_control(*field)) return error("mail: a control character in a header");
  if (!is_kind(mail.kind)) return error("mail: a kind that cannot be written");
  if (!is_file_name(mail.attachment_name)) return error("mail: a name of an attachment that cannot be written");
  const std::string order = to_string(mail.order);
  const std::string boundary = "=_" + order;  // "=_" occurs in neither quoted-printable nor base 64
  const std::string domain = identity.from.substr(identity.from.find('@') + 1);
  std::string out = "From: " + display(identity.from_name, identity.from) +
                    "\r\nTo: " + display(mail.to_name, mail.to) + "\r\nSubject: " + encode_header(mail.subject) +
                    "\r\nDate: " + to_rfc5322_date(mail.date) + "\r\nMessage-ID: <" + order + "." + mail.kind + "@" +
                    domain + ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  const std::string body = body_part(mail, "=_alternative_" + order);
  if (mail.attachment_name.empty()) return out + body;
  out += "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n" + body + "\r\n";
  append_attachment(out, mail, boundary);
  return out + "--" + boundary + "--\r\n";
}

}  // namespace scalemart
