#pragma once
// A mail as it travels: RFC 5322 headers, MIME parts.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "port/mailer.hpp"

namespace scalemart {

struct MailIdentity {
  std::string from = "shop@localhost";  ///< Also gives the domain of Message-IDs.
  std::string from_name = "ScaleMart";
};

/// The whole message, lines ended by CRLF. The same mail gives the same bytes: Message-ID and boundary are
/// made of the order id. An error when an address or a header field could not be written as it is: a control
/// character in a header is refused, never escaped (header injection). Sources: RFC 5322; RFC 2045, 2046
/// (MIME); RFC 2047 (encoded words); RFC 3834 (Auto-Submitted).
[[nodiscard]] Result<std::string> build_message(const Mail& mail, const MailIdentity& identity);

/// "=?UTF-8?B?...?=" words of at most 75 characters, folded; short plain ASCII stays as it is.
[[nodiscard]] std::string encode_header(std::string_view utf8);

/// "Sun, 22 Nov 2026 11:30:00 +0000"
[[nodiscard]] std::string to_rfc5322_date(WallTime at);

}  // namespace scalemart
