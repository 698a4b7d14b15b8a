#pragma once
// What Redis answered, and what went wrong when it did not.

#include <boost/system/result.hpp>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

struct redisReply;
extern "C" void freeReplyObject(void* reply);

namespace scalemart::redis {

/// One value of a reply. Views point into the Reply that it belongs to.
class Value {
 public:
  explicit Value(const redisReply* raw) : raw_(raw) {}
  [[nodiscard]] bool is_nil() const;
  [[nodiscard]] bool is_error() const;
  [[nodiscard]] std::string_view text() const;  ///< A string, a status or an error; empty for anything else.
  /// An integer, or a string that is one; nullopt for anything else.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] std::size_t size() const;  ///< Of an array; 0 for anything else.
  [[nodiscard]] Value operator[](std::size_t index) const;

 private:
  const redisReply* raw_;
};

class Reply {
 public:
  explicit Reply(void* raw) : raw_(raw) {}
  [[nodiscard]] Value value() const { return Value(static_cast<const redisReply*>(raw_.get())); }
  [[nodiscard]] Value operator[](std::size_t index) const { return value()[index]; }

 private:
  struct Free {
    void operator()(void* raw) const { freeReplyObject(raw); }
  };
  std::unique_ptr<void, Free> raw_;
};

struct Failure {
  enum class Kind : std::uint8_t {
    refused,  ///< The server answered with an error: nothing was done.
    away,     ///< The command did not reach the server: nothing was done.
    unknown,  ///< It was sent and no answer came: it may have been done, or may still be.
  };
  Kind kind = Kind::away;
  std::string why;  ///< One line, naming the server.
};

template <class T>
using Answered = boost::system::result<T, Failure>;

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.why);
}

/// A command: its name and arguments, which may be any bytes and must outlive the call.
using Command = std::vector<std::string_view>;

/// Stands for an argument that is only known when the server is: its identity (run_id), another one after each
/// restart and each failover. Recognised by its place in memory, since an argument may be any bytes.
inline constexpr char kServerIdentityMark[] = "the server's identity";
inline constexpr std::string_view kServerIdentity = kServerIdentityMark;

/// A number as an argument.
class NumberText {
 public:
  explicit NumberText(std::int64_t number)
      : size_(static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof(text_), number).ptr - text_)) {}
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[24];
  std::size_t size_;
};

}  // namespace scalemart::redis
