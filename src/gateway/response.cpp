#include "gateway/response.hpp"

#include <boost/json.hpp>

#include "gateway/text.hpp"

namespace scalemart {
namespace {

/// xorshift per thread: spreads retries, protects nothing.
unsigned retry_after_seconds() {
  static thread_local std::uint32_t state =
      0x9e3779b9u ^ static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&state));
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return 1 + state % 5;
}

}  // namespace

Response& Response::add_header(std::string_view name, std::string_view value) & {
  for (const char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return *this;
  headers.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

Response&& Response::add_header(std::string_view name, std::string_view value) && {
  static_cast<Response&>(*this).add_header(name, value);
  return std::move(*this);
}

ResponseView Response::view() const {
  return {
      status,      content_type, headers,      shared_body ? std::string_view(*shared_body) : std::string_view(body),
      shared_body, is_error,     is_cacheable, is_page};
}

Response json_ok(const boost::json::value& data, int status) {
  return json_text_ok(boost::json::serialize(data), status);
}

Response json_text_ok(std::string_view data, int status) {
  Response r;
  r.status = status;
  r.body.reserve(data.size() + 32);
  r.body.append(R"({"status":"success","data":)").append(data).push_back('}');
  return r;
}

Response json_list(const boost::json::array& data, std::string_view next_cursor) {
  Response r;
  r.body.append(R"({"status":"success","data":)").append(boost::json::serialize(data)).append(R"(,"next_cursor":)");
  r.body.append(next_cursor.empty() ? "null" : boost::json::serialize(boost::json::string_view(next_cursor)));
  r.body.push_back('}');
  return r;
}

Response no_content() {
  Response r;
  r.status = 204;
  return r;
}

Response unavailable() {
  return error(503, "unavailable", "This cannot be answered at the moment. Please try again.");
}

Response error(int status, std::string_view code, std::string_view detail, std::string_view members) {
  Response r;
  r.status = status;
  r.is_error = true;
  r.body.append("\"detail\":").append(boost::json::serialize(boost::json::string_view(detail)));
  r.body.append(",\"code\":\"").append(code).append("\",\"title\":\"").append(reason_phrase(status));
  r.body.append("\",\"status\":").append(std::to_string(status));
  if (!members.empty()) r.body.append(",").append(members);
  if (status == 401) {
    r.headers.append("WWW-Authenticate: Bearer realm=\"scalemart\"");
    if (code != "not_authenticated" && code != "invalid_credentials") r.headers.append(", error=\"invalid_token\"");
    r.headers.append("\r\n");
  }
  if (status == 503) r.headers.append("Retry-After: ").append(std::to_string(retry_after_seconds())).append("\r\n");
  return r;
}

Response validation_error(std::string_view loc_json, std::string_view message, std::string_view type) {
  std::string members = R"("errors":[{"loc":)";
  members.append(loc_json).append(",\"msg\":").append(boost::json::serialize(boost::json::string_view(message)));
  members.append(",\"type\":\"").append(type).append("\"}]");
  return error(422, "validation_error", message, members);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace scalemart
