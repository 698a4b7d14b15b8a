#pragma once
// Large tables that cost memory only where they are used.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "base/check.hpp"

namespace scalemart {

/// Purpose: `count` values of zero bytes, without writing them: calloc gives large tables as pages that the
/// kernel fills only when they are touched, so an idle shop does not pay for what a storm needs.
/// T is of implicit lifetime (C++20, [class.prop]), and its readers can do with zero bytes or never meet them.
template <class T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t));

 public:
  explicit ZeroedArray(std::size_t count) : data_(static_cast<T*>(std::calloc(count, sizeof(T)))), size_(count) {
    SCALEMART_CHECK(data_ != nullptr);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return data_.get()[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return data_.get()[index]; }

 private:
  struct Free {
    void operator()(T* data) const noexcept { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_;
};

}  // namespace scalemart
