#pragma once
// From a stream of bytes to frames.

#include <span>

#include "domain/wire.hpp"

namespace scalemart {

inline constexpr std::size_t kFrameMax = std::size_t{1} << 20;

/// Finds frames in a stream of bytes. Memory: at most one frame, and what came behind it.
class FrameReader {
 public:
  /// Appends bytes of the stream.
  void put(std::span<const std::byte> bytes);
  /// The content of the next whole frame, good until the next call; empty: more bytes are needed, or failed().
  [[nodiscard]] std::span<const std::byte> next();
  /// The stream cannot be understood any more: a frame was empty or too large.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  Bytes buffer_;
  std::size_t used_ = 0;
  bool failed_ = false;
};

}  // namespace scalemart
