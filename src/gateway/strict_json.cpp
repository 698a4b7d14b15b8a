#include "gateway/strict_json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <string>
#include <vector>

namespace scalemart {
namespace {

namespace json = boost::json;
using boost::system::error_code;

/// Builds the value, and watches the names of every open object.
class Builder {
 public:
  static constexpr std::size_t max_object_size = kJsonMembersMax;
  static constexpr std::size_t max_array_size = 64 * 1024;
  static constexpr std::size_t max_key_size = 1024;
  static constexpr std::size_t max_string_size = 1024 * 1024;

  explicit Builder(const json::storage_ptr& memory) : stack_(memory) { stack_.reset(memory); }
  json::value release() { return stack_.release(); }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    open_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, error_code&) {
    open_.pop_back();
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t n, error_code&) {
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, error_code&) {
    key_.append(s.data(), s.size());
    stack_.push_chars(s);
    return true;
  }
  bool on_key(json::string_view s, std::size_t, error_code& ec) {
    key_.append(s.data(), s.size());
    for (const auto& name : open_.back())
      if (name == key_) {
        ec = json::error::syntax;
        return false;
      }
    open_.back().push_back(std::move(key_));
    key_.clear();
    stack_.push_key(s);
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, error_code&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_string(json::string_view s, std::size_t, error_code&) {
    stack_.push_string(s);
    return true;
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, error_code&) {
    stack_.push_int64(i);
    return true;
  }
  bool on_uint64(std::uint64_t u, json::string_view, error_code&) {
    stack_.push_uint64(u);
    return true;
  }
  bool on_double(double d, json::string_view, error_code&) {
    stack_.push_double(d);
    return true;
  }
  bool on_bool(bool b, error_code&) {
    stack_.push_bool(b);
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return false; }
  bool on_comment(json::string_view, error_code&) { return false; }

 private:
  json::value_stack stack_;
  std::vector<std::vector<std::string>> open_;  ///< Names seen in each object that is not yet closed.
  std::string key_;
};

}  // namespace

std::optional<json::value> parse_strict_json(std::string_view text, const json::storage_ptr& memory) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::basic_parser<Builder> parser(options, memory);
  error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec || used != text.size() || !parser.done()) return std::nullopt;
  return parser.handler().release();
}

bool holds_nul(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return text->find('\0') != text->npos;
  if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), holds_nul);
  if (const auto* object = value.if_object())
    return std::any_of(object->begin(), object->end(), [](const auto& member) {
      return member.key().find('\0') != std::string_view::npos || holds_nul(member.value());
    });
  return false;
}

}  // namespace scalemart
