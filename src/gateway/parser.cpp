#include "gateway/parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <functional>
#include <new>

#include "base/check.hpp"
#include "gateway/text.hpp"

namespace scalemart {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

namespace {

constexpr std::string_view kMalformed = "malformed_request";
constexpr std::size_t kTrailersMax = 8;

std::string_view std_view(BeastView v) {
  return {v.data(), v.size()};
}

bool method_from(http::verb verb, Method& out) {
  switch (verb) {
    case http::verb::get:
      out = Method::get;
      return true;
    case http::verb::head:
      out = Method::head;
      return true;
    case http::verb::post:
      out = Method::post;
      return true;
    case http::verb::put:
      out = Method::put;
      return true;
    case http::verb::patch:
      out = Method::patch;
      return true;
    case http::verb::delete_:
      out = Method::delete_;
      return true;
    case http::verb::options:
      out = Method::options;
      return true;
    default:
      return false;
  }
}

/// Tells "HTTP/2.0", which is a version, from "HTTQ/1.1", which is none.
bool names_other_version(std::string_view head) {
  const auto line = head.substr(0, head.find('\r'));
  const auto version = line.substr(line.rfind(' ') + 1);
  return version.size() == 8 && version.starts_with("HTTP/") && text::is_digit(version[5]) && version[6] == '.' &&
         text::is_digit(version[7]);
}

}  // namespace

/// Beast's grammar with our acceptance rules hooked into it. The refusal travels in the owner; the error
/// code only stops the parser.
class RequestParser::Grammar final : public http::basic_parser<true> {
 public:
  explicit Grammar(RequestParser& owner) : owner_(owner) {
    header_limit(static_cast<std::uint32_t>(owner.limits_.head_bytes));
    body_limit(owner.limits_.body_bytes);
  }

 private:
  void stop(error_code& ec) { ec = http::error::bad_value; }

  void on_request_impl(http::verb verb, BeastView method, BeastView target, int version, error_code& ec) override {
    owner_.method_known_ = method_from(verb, owner_.method_);
    if (!owner_.accept_request_line(std_view(method), std_view(target), version)) stop(ec);
  }
  void on_response_impl(int, BeastView, int, error_code& ec) override { stop(ec); }
  void on_field_impl(http::field, BeastView name, BeastView value, error_code& ec) override {
    if (owner_.head_done_) {
      if (++trailers_ > kTrailersMax) stop(ec);  // Trailers are read over, never used.
      return;
    }
    if (!owner_.accept_field(std_view(name), std_view(value))) stop(ec);
  }
  void on_header_impl(error_code& ec) override {
    owner_.keep_alive_ = keep_alive();
    if (!owner_.accept_head()) stop(ec);
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(BeastView body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, BeastView extensions, error_code& ec) override {
    for (const char c : extensions)
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return stop(ec);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
    // Decoded bytes never overtake the encoded ones, so the body can be closed up in place.
    char* to = owner_.base_ + owner_.head_size_ + owner_.body_size_;
    if (to != body.data()) std::memmove(to, body.data(), body.size());
    owner_.body_size_ += body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  RequestParser& owner_;
  std::size_t trailers_ = 0;
};

RequestParser::RequestParser(const ParserLimits& limits) : limits_(limits) {
  static_assert(sizeof(Grammar) <= sizeof(grammar_storage_) && alignof(Grammar) <= 16);
  SCALEMART_CHECK(limits.fields <= kFieldsMax);
  reset();
}

RequestParser::~RequestParser() {
  grammar_->~Grammar();
}

void RequestParser::reset() {
  if (grammar_ != nullptr) grammar_->~Grammar();
  refusal_ = {};
  base_ = nullptr;
  parsed_ = consumed_ = head_size_ = body_size_ = body_seen_ = expected_ = looked_at_ = 0;
  method_text_ = target_ = {};
  field_count_ = 0;
  content_length_ = 0;
  method_known_ = started_ = line_done_ = head_done_ = http11_ = keep_alive_ = false;
  chunked_ = has_length_ = has_host_ = expects_continue_ = false;
  grammar_ = new (grammar_storage_.data()) Grammar(*this);
}

void RequestParser::rebase(const char* from, char* to) {
  const auto move = [&](std::string_view& v) {
    if (v.data() != nullptr) v = {to + (v.data() - from), v.size()};
  };
  move(method_text_);
  move(target_);
  for (std::size_t i = 0; i < field_count_; ++i) {
    move(fields_[i].name);
    move(fields_[i].value);
  }
  base_ = to;
}

RequestParser::State RequestParser::refuse(int status, std::string_view code, std::string_view detail) {
  if (refusal_.status == 0) refusal_ = {status, code, detail};
  return State::refused;
}

RequestParser::State RequestParser::feed(char* data, std::size_t size) {
  SCALEMART_CHECK(base_ == nullptr || base_ == data);
  base_ = data;
  fed_ = size;
  if (size > 0) started_ = true;
  if (!head_done_) {
    const State state = feed_head(size);
    if (state != State::complete) return state;
  }
  if (chunked_) return feed_chunks(size);
  body_seen_ = std::min<std::size_t>(size - head_size_, content_length_);
  if (body_seen_ < content_length_) return State::need_more;
  body_size_ = body_seen_;
  consumed_ = head_size_ + body_size_;
  return State::complete;
}

RequestParser::State RequestParser::feed_head(std::size_t size) {
  error_code ec;
  parsed_ += grammar_->put(boost::asio::const_buffer(base_ + parsed_, size - parsed_), ec);
  if (ec == http::error::need_more) {
    // Beast, once it has waited, looks at nothing before the whole head is there; these looks do not wait.
    if (has_broken_line(size)) return refuse(400, kMalformed, "The request is not valid HTTP.");
    if (is_line_too_long(size)) return refuse(414, "uri_too_long", "The request line is too long.");
    if (size >= limits_.head_bytes) return refuse(431, "headers_too_large", "The header block is too large.");
    return State::need_more;
  }
  if (refusal_.status != 0) return State::refused;
  if (ec == http::error::header_limit) {
    if (is_line_too_long(size)) return refuse(414, "uri_too_long", "The request line is too long.");
    return refuse(431, "headers_too_large", "The header block is too large.");
  }
  if (ec == http::error::body_limit) return refuse(413, "body_too_large", "The body is too large.");
  if (ec == http::error::bad_version && names_other_version({base_, size}))
    return refuse(505, "http_version_not_supported", "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
  if (ec) return refuse(400, kMalformed, "The request is not valid HTTP.");
  if (parsed_ > limits_.head_bytes) return refuse(431, "headers_too_large", "The header block is too large.");
  head_size_ = parsed_;
  head_done_ = true;
  expected_ = head_size_ + content_length_;
  return State::complete;
}

bool RequestParser::is_line_too_long(std::size_t size) const {
  const std::size_t most = limits_.target_bytes + 64;
  return !line_done_ && size > most && std::memchr(base_, '\n', most) == nullptr;
}

bool RequestParser::has_broken_line(std::size_t size) {
  for (; looked_at_ < size; ++looked_at_) {
    const auto c = static_cast<unsigned char>(base_[looked_at_]);
    const bool after_cr = looked_at_ > 0 && base_[looked_at_ - 1] == '\r';
    if (after_cr != (c == '\n') || (c < 0x20 && c != '\r' && c != '\n' && c != '\t')) return true;
  }
  return false;
}

RequestParser::State RequestParser::feed_chunks(std::size_t size) {
  body_seen_ = size - head_size_;
  while (!grammar_->is_done()) {
    // No end of a body is shorter than "0\r\n\r\n", and Beast 1.81 asserts to be given that much of one.
    if (size - parsed_ < 5) {
      expected_ = size + 1;
      return State::need_more;
    }
    error_code ec;
    const std::size_t taken = grammar_->put(boost::asio::const_buffer(base_ + parsed_, size - parsed_), ec);
    parsed_ += taken;
    if (parsed_ - head_size_ > body_size_ + limits_.chunk_overhead_bytes)
      return refuse(400, kMalformed, "The chunked body has too much framing.");
    if (ec == http::error::body_limit) return refuse(413, "body_too_large", "The body is too large.");
    if (ec && ec != http::error::need_more) return refuse(400, kMalformed, "The chunked body is malformed.");
    if (ec == http::error::need_more || (taken == 0 && !grammar_->is_done())) {
      // What the grammar leaves lying is an unfinished chunk header or trailer.
      if (size - parsed_ > limits_.chunk_line_bytes)
        return refuse(400, kMalformed, "A chunk header or trailer is too long.");
      expected_ = size + 1;
      return State::need_more;
    }
  }
  consumed_ = parsed_;
  return State::complete;
}

bool RequestParser::accept_request_line(std::string_view method, std::string_view target, int version) {
  line_done_ = true;
  method_text_ = method;
  target_ = target;
  http11_ = version == 11;
  const auto refused = [&](int status, std::string_view code, std::string_view detail) {
    return refuse(status, code, detail) != State::refused;
  };
  if (method.size() > 32) return refused(501, "method_not_implemented", "This method is not known here.");
  if (target.size() > limits_.target_bytes) return refused(414, "uri_too_long", "The request target is too long.");
  // Unknown methods are answered by the router's rules, in whatever form their target comes.
  if (target.front() != '/' && method_known_)
    return refused(400, kMalformed, "The request target must begin with '/'.");
  for (const char c : target)
    if (!text::is_target_char(c))
      return refused(400, kMalformed, "The request target has a character that must be encoded.");
  return true;
}

bool RequestParser::accept_field(std::string_view name, std::string_view value) {
  // An unfolded value was put together in Beast's own memory, or begins behind a line end: obs-fold.
  const char* gap = name.data() + name.size() + 1;
  const std::less<const char*> before;
  const bool folded = before(value.data(), gap) || before(base_ + fed_, value.data()) ||
                      std::memchr(gap, '\r', static_cast<std::size_t>(value.data() - gap)) != nullptr;
  if (folded) return refuse(400, kMalformed, "Folded header lines are not accepted.") != State::refused;
  if (field_count_ >= limits_.fields)
    return refuse(431, "headers_too_large", "There are too many header fields.") != State::refused;
  fields_[field_count_++] = {name, value};
  return accept_special(name, value);
}

bool RequestParser::accept_special(std::string_view name, std::string_view value) {
  const auto refused = [&](int status, std::string_view detail) {
    return refuse(status, status == 501 ? "transfer_coding_not_implemented" : kMalformed, detail) != State::refused;
  };
  switch (name.size()) {
    case 4:
      if (!text::iequals(name, "host")) return true;
      if (has_host_) return refused(400, "There is more than one Host.");
      has_host_ = true;
      return text::is_host(value) || refused(400, "The Host is not valid.");
    case 6:
      if (!text::iequals(name, "expect")) return true;
      if (!text::iequals(value, "100-continue"))
        return refuse(417, "expectation_failed", "Only 100-continue can be expected.") != State::refused;
      expects_continue_ = http11_;
      return true;
    case 14:
      if (!text::iequals(name, "content-length")) return true;
      if (has_length_) return refused(400, "There is more than one Content-Length.");
      has_length_ = true;
      if (!text::parse_decimal(value, content_length_))
        return refused(400, "The Content-Length is not one decimal number.");
      return true;
    case 17:
      if (!text::iequals(name, "transfer-encoding")) return true;
      if (chunked_ || has_length_) return refused(400, "The body's framing is ambiguous.");
      if (!text::iequals(value, "chunked"))
        return text::is_token(value) ? refused(501, "Only the chunked transfer coding is understood.")
                                     : refused(400, "The Transfer-Encoding must be exactly 'chunked'.");
      if (!http11_) return refused(400, "HTTP/1.0 has no transfer codings.");
      chunked_ = true;
      return true;
    default:
      return true;
  }
}

bool RequestParser::accept_head() {
  if (chunked_ && has_length_) return refuse(400, kMalformed, "The body's framing is ambiguous.") != State::refused;
  if (http11_ && !has_host_) return refuse(400, kMalformed, "The Host is missing.") != State::refused;
  return true;
}

}  // namespace scalemart
