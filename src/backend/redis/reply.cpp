#include "backend/redis/reply.hpp"

#include <hiredis/hiredis.h>

namespace scalemart::redis {

bool Value::is_nil() const {
  return raw_ == nullptr || raw_->type == REDIS_REPLY_NIL;
}

bool Value::is_error() const {
  return raw_ != nullptr && raw_->type == REDIS_REPLY_ERROR;
}

std::string_view Value::text() const {
  if (raw_ == nullptr) return {};
  if (raw_->type != REDIS_REPLY_STRING && raw_->type != REDIS_REPLY_STATUS && raw_->type != REDIS_REPLY_ERROR)
    return {};
  return {raw_->str, static_cast<std::size_t>(raw_->len)};
}

std::optional<std::int64_t> Value::integer() const {
  if (raw_ == nullptr) return std::nullopt;
  if (raw_->type == REDIS_REPLY_INTEGER) return raw_->integer;
  const std::string_view digits = text();
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::size_t Value::size() const {
  return raw_ != nullptr && raw_->type == REDIS_REPLY_ARRAY ? raw_->elements : 0;
}

Value Value::operator[](std::size_t index) const {
  return Value(index < size() ? raw_->element[index] : nullptr);
}

}  // namespace scalemart::redis
