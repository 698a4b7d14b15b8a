#pragma once
// What a call to PostgreSQL comes to: a value, or a failure that says what may have happened.

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace scalemart::pg {

struct Failure {
  enum class Kind : std::uint8_t {
    unsent,   ///< Nothing was sent: there is no connection.
    refused,  ///< The server said no and rolled back: nothing happened.
    lost,     ///< Sent, but there was no whole answer: it may have happened, or may still.
  };
  Kind kind = Kind::unsent;
  std::string sqlstate;    ///< refused: five characters. Source: PostgreSQL's manual, appendix A.
  std::string constraint;  ///< refused: the constraint that was violated, if it was one.
  std::string message;     ///< One line for an operator.

  [[nodiscard]] bool is(std::string_view code) const { return sqlstate == code; }
};

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.message);
}

template <class T>
using Reply = boost::system::result<T, Failure>;

/// For ports that only say why.
[[nodiscard]] inline Error to_error(const Failure& failure) {
  return error("PostgreSQL: " + failure.message);
}

inline constexpr std::string_view kUniqueViolation = "23505";
inline constexpr std::string_view kDeadlock = "40P01";
inline constexpr std::string_view kSerialization = "40001";
inline constexpr std::string_view kReadOnly = "25006";  ///< A standby.
inline constexpr std::string_view kUndefinedTable = "42P01";
inline constexpr std::string_view kUndefinedSchema = "3F000";

}  // namespace scalemart::pg
