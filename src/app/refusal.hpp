#pragma once
// Why an operation did not happen.

#include <cstdint>
#include <stdexcept>
#include <string>

#include "base/result.hpp"

namespace scalemart {

/// Why an operation did not happen.
struct Refusal {
  enum class Kind : std::uint8_t {
    refused,      ///< The answer is no (exit code 1): email_taken, product_not_found, invalid_state, ...
    wrong_input,  ///< The request itself is wrong (exit code 2): validation_error.
    cannot_run,   ///< Store, socket or disk failed (exit code 3).
  };
  Kind kind = Kind::cannot_run;
  std::string code;     ///< As in the API's errors, snake_case; empty for cannot_run.
  std::string message;  ///< One sentence.
};

[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::runtime_error(refusal.message);
}

/// The result of an operation, or why it did not happen.
template <class T>
using Done = boost::system::result<T, Refusal>;

}  // namespace scalemart
