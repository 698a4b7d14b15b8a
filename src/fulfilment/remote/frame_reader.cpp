#include "fulfilment/remote/frame_reader.hpp"

#include <cstring>

namespace scalemart {

void FrameReader::put(std::span<const std::byte> bytes) {
  if (used_ > 0) buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ = 0;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::span<const std::byte> FrameReader::next() {
  std::uint32_t size = 0;
  const std::size_t left = buffer_.size() - used_;
  if (failed_ || left < sizeof size) return {};
  std::memcpy(&size, buffer_.data() + used_, sizeof size);
  failed_ = size == 0 || size > kFrameMax;
  if (failed_ || left - sizeof size < size) return {};
  const std::span content(buffer_.data() + used_ + sizeof size, size);
  used_ += sizeof size + size;
  return content;
}

}  // namespace scalemart
