#pragma once
// One HTTP/1 request from bytes: Beast decides the grammar, this class what we are willing to accept of it.
//
// Purpose: incremental, without allocation and without copying: what it gives are views into the caller's
// buffer. A chunked body is decoded in place.
// Strictness (RFC 9112 where it leaves a choice, the refusing one): exactly `Transfer-Encoding: chunked` on
// HTTP/1.1 without Content-Length, Content-Length one decimal number once, one valid Host, no obs-fold, no
// bare CR, LF or NUL, origin-form targets only. Beast 1.81 alone would let odd codings through as an empty
// body. Errors: a refusal names status and code; after it no further byte of the connection may be served.
// Concurrency: one owner; kept in a pool by the loop, so it is hot in the cache.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "gateway/exchange.hpp"

namespace scalemart {

struct ParserLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t fields = 100;
  std::size_t target_bytes = 8 * 1024;
  std::size_t body_bytes = 64 * 1024;
  std::size_t chunk_line_bytes = 512;            ///< One chunk header with its extensions, or the whole trailer.
  std::size_t chunk_overhead_bytes = 16 * 1024;  ///< All chunk framing of one body.
};

/// Why a request is refused by its form alone.
struct ParseRefusal {
  int status = 0;
  std::string_view code;
  std::string_view detail;
};

class RequestParser {
 public:
  enum class State : std::uint8_t { need_more, complete, refused };

  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();

  /// Starts over; the next feed() begins a request.
  void reset();
  /// `data` always begins at the request's first byte and holds all that was received of it so far; bytes
  /// behind the request are left alone. Bytes of a chunked body may be moved within it.
  [[nodiscard]] State feed(char* data, std::size_t size);
  /// The caller moved the buffer.
  void rebase(const char* from, char* to);

  /// After complete: where the request ended in data.
  [[nodiscard]] std::size_t consumed() const { return consumed_; }
  [[nodiscard]] const ParseRefusal& refusal() const { return refusal_; }

  [[nodiscard]] bool has_started() const { return started_; }
  [[nodiscard]] bool has_head() const { return head_done_; }
  [[nodiscard]] bool wants_continue() const { return expects_continue_; }
  /// Body bytes received so far, as they came over the wire.
  [[nodiscard]] std::size_t body_received() const { return body_seen_; }
  /// Bytes the whole request needs in the buffer, as far as that is known; 0 before.
  [[nodiscard]] std::size_t size_expected() const { return expected_; }

  // Valid once has_head().
  [[nodiscard]] std::string_view method_text() const { return method_text_; }
  [[nodiscard]] bool is_known_method() const { return method_known_; }
  [[nodiscard]] Method method() const { return method_; }
  [[nodiscard]] std::string_view target() const { return target_; }
  [[nodiscard]] std::span<const NameValue> headers() const { return {fields_.data(), field_count_}; }
  [[nodiscard]] std::string_view body() const { return {base_ + head_size_, body_size_}; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool is_http11() const { return http11_; }

 private:
  class Grammar;
  friend class Grammar;
  static constexpr std::size_t kFieldsMax = 100;

  [[nodiscard]] State feed_head(std::size_t size);
  [[nodiscard]] State feed_chunks(std::size_t size);
  [[nodiscard]] bool is_line_too_long(std::size_t size) const;
  /// A line end that is not CRLF, or a control character, in what has come of the head.
  [[nodiscard]] bool has_broken_line(std::size_t size);
  [[nodiscard]] State refuse(int status, std::string_view code, std::string_view detail);
  bool accept_request_line(std::string_view method, std::string_view target, int version);
  bool accept_field(std::string_view name, std::string_view value);
  bool accept_special(std::string_view name, std::string_view value);
  bool accept_head();

  ParserLimits limits_;
  alignas(16) std::array<std::byte, 192> grammar_storage_;
  Grammar* grammar_ = nullptr;
  char* base_ = nullptr;
  ParseRefusal refusal_;
  std::size_t fed_ = 0;        ///< Size of data in this feed().
  std::size_t looked_at_ = 0;  ///< By has_broken_line().
  std::size_t parsed_ = 0;     ///< Bytes given to the grammar and taken by it.
  std::size_t consumed_ = 0;
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;  ///< Decoded.
  std::size_t body_seen_ = 0;  ///< On the wire.
  std::size_t expected_ = 0;
  std::string_view method_text_;
  std::string_view target_;
  std::size_t field_count_ = 0;
  std::uint64_t content_length_ = 0;
  Method method_ = Method::get;
  bool method_known_ = false;
  bool started_ = false;
  bool line_done_ = false;
  bool head_done_ = false;
  bool http11_ = false;
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  bool has_host_ = false;
  bool expects_continue_ = false;
  std::array<NameValue, kFieldsMax> fields_;
};

}  // namespace scalemart
