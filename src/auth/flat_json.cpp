#include "auth/flat_json.hpp"

#include <charconv>

namespace scalemart {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const auto c = static_cast<unsigned char>(rest_[i]);
      if (c == '"') {
        const std::string_view text = rest_.substr(0, i);
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (c == '\\' || c < 0x20 || c > 0x7e) return std::nullopt;
    }
    return std::nullopt;
  }
  /// An integer in JSON's spelling: no plus, no leading zero, no fraction, no exponent.
  std::optional<std::int64_t> integer() {
    const std::size_t sign = rest_.starts_with('-') ? 1 : 0;
    std::size_t digits = 0;
    while (sign + digits < rest_.size() && rest_[sign + digits] >= '0' && rest_[sign + digits] <= '9') ++digits;
    if (digits == 0 || (digits > 1 && rest_[sign] == '0')) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(rest_.data(), rest_.data() + sign + digits, value);
    if (fault != std::errc{}) return std::nullopt;
    rest_.remove_prefix(sign + digits);
    return value;
  }
  bool word(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  [[nodiscard]] char peek() {
    skip_space();
    return rest_.empty() ? '\0' : rest_[0];
  }
  [[nodiscard]] bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  std::string_view rest_;
};

bool read_value(Reader& in, FlatJson::Member& member) {
  const char c = in.peek();
  if (c == '"') {
    const auto text = in.string();
    if (!text) return false;
    member.kind = FlatJson::Kind::string;
    member.text = *text;
    return true;
  }
  if (c == '-' || (c >= '0' && c <= '9')) {
    const auto number = in.integer();
    if (!number) return false;
    member.kind = FlatJson::Kind::integer;
    member.number = *number;
    return true;
  }
  member.kind = FlatJson::Kind::other;
  return in.word("true") || in.word("false") || in.word("null");
}

}  // namespace

std::optional<FlatJson> FlatJson::parse(std::string_view text) {
  FlatJson json;
  Reader in(text);
  if (!in.take('{')) return std::nullopt;
  if (!in.take('}')) {
    do {
      const auto name = in.string();
      if (!name || json.count_ == kMembersMax || json.find(*name) != nullptr || !in.take(':')) return std::nullopt;
      Member& member = json.members_[json.count_];
      member.name = *name;
      if (!read_value(in, member)) return std::nullopt;
      ++json.count_;
    } while (in.take(','));
    if (!in.take('}')) return std::nullopt;
  }
  if (!in.at_end()) return std::nullopt;
  return json;
}

const FlatJson::Member* FlatJson::find(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (members_[i].name == name) return &members_[i];
  return nullptr;
}

std::optional<std::string_view> FlatJson::string(std::string_view name) const {
  const Member* member = find(name);
  if (member == nullptr || member->kind != Kind::string) return std::nullopt;
  return member->text;
}

std::optional<std::int64_t> FlatJson::integer(std::string_view name) const {
  const Member* member = find(name);
  if (member == nullptr || member->kind != Kind::integer) return std::nullopt;
  return member->number;
}

}  // namespace scalemart
