#include "app/config_file.hpp"

#include <fstream>

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace scalemart {
namespace {

constexpr std::size_t kFileMax = 1 << 20;

using Values = std::map<std::string, std::string>;

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  return std::nullopt;
}

std::optional<std::string> list_text(const toml::array& list) {
  std::string out;
  for (const auto& item : list) {
    const auto text = scalar_text(item);
    if (!text) return std::nullopt;
    out.append(out.empty() ? "" : ",").append(*text);
  }
  return out;
}

Result<void> flatten(const toml::table& table, const std::string& prefix, Values& out) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* inner = node.as_table()) {
      if (auto done = flatten(*inner, key + "_", out); !done) return done;
      continue;
    }
    const auto text = node.is_array() ? list_text(*node.as_array()) : scalar_text(node);
    if (!text) {
      return error("line " + std::to_string(node.source().begin.line) + ": " + key +
                   " must be a text, a whole number, true, false or a list of these");
    }
    if (!out.emplace(key, *text).second) return error(key + " is given twice");
  }
  return {};
}

}  // namespace

Result<Values> read_config_file(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& why) { return error(path.string() + ": " + why); };
  std::ifstream in(path, std::ios::binary);
  std::string text(kFileMax + 1, '\0');
  if (!in || !in.read(text.data(), static_cast<std::streamsize>(text.size())).eof()) {
    return fail(in ? "larger than 1 MiB" : "cannot be read");
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  try {
    Values out;
    const toml::table table = toml::parse(text);
    if (auto done = flatten(table, "", out); !done) return fail(done.error().message);
    return out;
  } catch (const toml::parse_error& fault) {
    return fail("line " + std::to_string(fault.source().begin.line) + ": " + std::string(fault.description()));
  }
}

}  // namespace scalemart
