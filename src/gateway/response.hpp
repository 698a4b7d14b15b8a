#pragma once
// An answer as handlers write it, and the shapes every answer has (contract section 1).

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace scalemart {

inline constexpr std::string_view kJsonType = "application/json; charset=utf-8";

/// An answer that is copied out at once: the hot path. All views need to live only through the call.
struct ResponseView {
  int status = 200;
  std::string_view content_type = kJsonType;
  std::string_view headers;  ///< Further complete lines, each ending in CRLF.
  std::string_view body;
  /// Keeps `body` alive instead of copying it; for large ones.
  std::shared_ptr<const std::string> shared_body{};
  /// body is `"detail":...` members without braces; the braces and request_id are put around it.
  bool is_error = false;
  /// Keep as it stands: no Cache-Control: no-store (the handler wrote its own in `headers`).
  bool is_cacheable = false;
  /// A page for a browser: the document headers (full CSP and COOP) go with it.
  bool is_page = false;
};

struct Response {
  int status = 200;
  std::string content_type{kJsonType};
  std::string headers;  ///< See add_header().
  std::string body;
  std::shared_ptr<const std::string> shared_body{};  ///< Instead of body.
  bool is_error = false;
  bool is_cacheable = false;
  bool is_page = false;

  /// `value` must hold no control characters; such a header is dropped.
  Response& add_header(std::string_view name, std::string_view value) &;
  Response&& add_header(std::string_view name, std::string_view value) &&;
  [[nodiscard]] ResponseView view() const;
};

/// {"status":"success","data":value}
[[nodiscard]] Response json_ok(const boost::json::value& data, int status = 200);
/// {"status":"success","data":<already JSON text>}
[[nodiscard]] Response json_text_ok(std::string_view data, int status = 200);
/// {"status":"success","data":[...],"next_cursor":"..."|null}; an empty cursor is null.
[[nodiscard]] Response json_list(const boost::json::array& data, std::string_view next_cursor);
[[nodiscard]] Response no_content();

/// {"detail":...,"code":...,"title":...,"status":...,<members>,"request_id":...}: the contract's error, also
/// a valid RFC 9457 problem. `members` is JSON text such as `"final":true,"sequence":7`. 401 brings
/// WWW-Authenticate, 503 a Retry-After of 1-5 seconds, jittered, so that refused callers do not return
/// together.
[[nodiscard]] Response error(int status, std::string_view code, std::string_view detail, std::string_view members = {});
/// Something that is needed for an answer does not answer itself; ask again.
[[nodiscard]] Response unavailable();
/// One entry of a 422's errors[]: loc is a path such as {"body","quantity"} in JSON text.
[[nodiscard]] Response validation_error(std::string_view loc_json, std::string_view message, std::string_view type);

[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace scalemart
