#pragma once
// A value or the reason there is none. For expected failures; broken invariants use SCALEMART_CHECK.

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace scalemart {

struct Error {
  struct Tag {};
  Error() = default;
  /// For error() alone: were it constructible from a string, Result<std::string> could not be made of one.
  Error(Tag, std::string text) : message(std::move(text)) {}

  std::string message;  ///< One line for an operator, naming what and where.
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error error(std::string message) {
  return {Error::Tag{}, std::move(message)};
}

}  // namespace scalemart
