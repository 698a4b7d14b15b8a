#pragma once
// Reads HTTP/1.1 answers from a byte stream, strictly: what is not understood is a failure, never a guess.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace scalemart::rehearse {

struct HttpAnswer {
  int status = 0;
  std::uint32_t retry_after_s = 0;  ///< 0: not given.
  bool replayed = false;            ///< Idempotent-Replayed: true
  bool keep_alive = true;
  std::string body;
};

/// Purpose: one answer at a time on one connection, framed by Content-Length or chunked (RFC 9112).
/// Bounds: 16 KiB of head, 4 MiB of body.
class AnswerReader {
 public:
  enum class State : std::uint8_t { need_more, complete, broken };
  /// Takes what arrived. After `complete`, answer() is good until reset(); bytes beyond it are `broken`, for
  /// nothing more was asked.
  State feed(std::string_view bytes);
  [[nodiscard]] const HttpAnswer& answer() const { return answer_; }
  void reset();

 private:
  enum class Stage : std::uint8_t { head, body, chunk_size, chunk_data, chunk_end, trailer, done };
  State advance();
  bool take_head(std::string_view head);
  bool take_header(std::string_view name, std::string_view value);
  State read_counted();
  State read_chunks();
  static constexpr std::size_t kHeadMax = 16 * 1024;
  static constexpr std::size_t kBodyMax = 4 << 20;

  std::string pending_;
  std::size_t left_ = 0;  ///< Of the body or the chunk.
  bool has_length_ = false;
  bool chunked_ = false;
  Stage stage_ = Stage::head;
  HttpAnswer answer_;
};

/// The text of `"name":"..."` in a flat JSON body; empty when it is not there. Values with escapes are cut
/// there.
[[nodiscard]] std::string_view json_text_field(std::string_view body, std::string_view name);

}  // namespace scalemart::rehearse
