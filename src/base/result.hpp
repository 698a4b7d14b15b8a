#pragma once
// A value or the reason there is none. For expected failures; broken invariants use SCALEMART_CHECK.

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace scalemart {

struct Error {
  std::string message;  ///< One line for an operator, naming what and where.
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error error(std::string message) { return Error{std::move(message)}; }

}  // namespace scalemart
