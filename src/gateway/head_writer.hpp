#pragma once
// Writes status line and headers, most of them formatted beforehand.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "base/clock.hpp"
#include "gateway/response.hpp"

namespace scalemart {

/// A loop's one output buffer: answers of one turn gather here and leave in one write.
class OutBuffer {
 public:
  explicit OutBuffer(std::size_t capacity) : data_(std::make_unique<char[]>(capacity)), capacity_(capacity) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t room() const { return capacity_ - size_; }
  [[nodiscard]] const char* data() const { return data_.get(); }
  void clear() { size_ = 0; }
  /// The caller made sure that there is room.
  void put(std::string_view s) {
    SCALEMART_CHECK(s.size() <= room());
    if (s.empty()) return;
    std::memcpy(data_.get() + size_, s.data(), s.size());
    size_ += s.size();
  }
  void put_number(std::uint64_t n);

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

/// What a head says besides the response itself.
struct HeadFacts {
  std::string_view request_id;
  bool keep_alive = true;
  bool is_http11 = true;
  std::string_view extra{};  ///< Further complete lines.
  bool is_stream = false;    ///< No Content-Length: the body ends with the connection.
  bool is_secure = false;    ///< Came over TLS: it shall stay so.
};

/// Purpose: formats heads. One per loop; the lines that all answers share are renewed once a second.
class HeadWriter {
 public:
  void set_time(WallTime now);
  /// Upper bound of what write() adds.
  [[nodiscard]] static std::size_t size_max(const ResponseView& r) {
    return 1536 + r.headers.size() + r.content_type.size();
  }
  void write(OutBuffer& out, const ResponseView& response, std::size_t body_size, const HeadFacts& facts) const;

 private:
  std::int64_t second_ = -1;
  std::string private_lines_;  ///< For data: not to be stored.
  std::string public_lines_;   ///< For data that brings its own Cache-Control.
  std::string page_lines_;     ///< For pages, which bring theirs too.
};

}  // namespace scalemart
