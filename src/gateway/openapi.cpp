#include "gateway/openapi.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <regex>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "gateway/strict_json.hpp"
#include "gateway/text.hpp"

namespace scalemart {

namespace json = boost::json;
using BoostError = boost::system::error_code;

namespace {

constexpr int kReferenceDepthMax = 16;
constexpr std::size_t kErrorsMax = 8;
/// std::regex recurses per character; no pattern is tried on a longer text than this.
constexpr std::int64_t kPatternTextMax = 1024;

std::string upper(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

std::string text_or(const json::object& o, std::string_view name, std::string_view otherwise) {
  const auto* v = o.if_contains(name);
  return std::string(v != nullptr && v->is_string() ? std::string_view(v->as_string()) : otherwise);
}

const json::value* at_pointer(const json::value& root, std::string_view reference) {
  if (!reference.starts_with("#")) return nullptr;
  BoostError ec;
  return root.find_pointer(reference.substr(1), ec);
}

/// A copy of `node` in which every local $ref is replaced by what it names.
Result<json::value> resolved(const json::value& root, const json::value& node, int depth) {
  if (depth > kReferenceDepthMax) return error("the API document's references go in circles");
  if (const auto* object = node.if_object()) {
    if (const auto* reference = object->if_contains("$ref")) {
      const auto* target = at_pointer(root, reference->as_string());
      if (target == nullptr)
        return error("the API document has a broken reference " + std::string(reference->as_string()));
      return resolved(root, *target, depth + 1);
    }
    json::object out;
    for (const auto& member : *object) {
      auto value = resolved(root, member.value(), depth);
      if (!value) return value.error();
      out.emplace(member.key(), std::move(*value));
    }
    return json::value(std::move(out));
  }
  if (const auto* array = node.if_array()) {
    json::array out;
    for (const auto& element : *array) {
      auto value = resolved(root, element, depth);
      if (!value) return value.error();
      out.push_back(std::move(*value));
    }
    return json::value(std::move(out));
  }
  return node;
}

struct Problem {
  std::string loc;  ///< JSON text, ["body","quantity"]
  std::string message;
  std::string type;
};

Response refusal_of(const std::vector<Problem>& problems) {
  json::array list;
  for (const auto& p : problems) list.push_back({{"loc", json::parse(p.loc)}, {"msg", p.message}, {"type", p.type}});
  return error(422, "validation_error", problems.front().message, "\"errors\":" + json::serialize(list));
}

/// Names that a caller made up are shown only as far as they are plain text.
std::string loc_of(std::initializer_list<std::string_view> path) {
  json::array loc;
  for (const auto part : path) {
    json::string shown;
    for (const char c : part.substr(0, 64)) shown.push_back(c >= 0x20 && c < 0x7f ? c : '?');
    loc.emplace_back(std::move(shown));
  }
  return json::serialize(loc);
}

/// Of a body that holds U+0000: which member it is.
Problem nul_in(const json::value& body) {
  std::string loc = loc_of({"body"});
  if (const auto* object = body.if_object())
    for (const auto& member : *object)
      if (holds_nul(member.value())) loc = loc_of({"body", member.key()});
  return {loc, "A text cannot hold U+0000.", "value_error"};
}

/// A machine's word for valijson's sentence.
std::string type_of(std::string_view description) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTypes{{
      {"Value type", "type_error"},
      {"Missing required", "missing"},
      {"Object contains a property", "extra_forbidden"},
      {"Expected number less", "less_than_equal"},
      {"Expected number greater", "greater_than_equal"},
      {"String should be no more", "string_too_long"},
      {"String should be no fewer", "string_too_short"},
      {"Failed to match regex", "string_pattern_mismatch"},
      {"Failed to match against any enum", "enum"},
      {"Object should have no fewer", "too_few_properties"},
  }};
  for (const auto& [prefix, type] : kTypes)
    if (description.starts_with(prefix)) return std::string(type);
  return "value_error";
}

/// The name that valijson puts between quotes at the end of some sentences.
std::string quoted_name(std::string_view description) {
  const auto open = description.find('\'');
  const auto close = description.rfind('\'');
  if (description.starts_with("Object contains")) {
    const auto last = description.rfind(": '");
    return last == std::string_view::npos ? "" : std::string(description.substr(last + 3, close - last - 3));
  }
  if (!description.starts_with("Missing required") || open == std::string_view::npos || close <= open) return "";
  return std::string(description.substr(open + 1, close - open - 1));
}

/// valijson tells where by "<root>", "[\"quantity\"]" or "[3]".
Problem problem_of(const valijson::ValidationResults::Error& e) {
  json::array loc{"body"};
  for (const auto& step : e.context) {
    if (step.size() < 3 || step.front() != '[') continue;
    const std::string inner = step.substr(1, step.size() - 2);
    if (std::all_of(inner.begin(), inner.end(), text::is_digit))
      loc.emplace_back(std::stoll(inner));
    else
      loc.emplace_back(inner.front() == '"' ? inner.substr(1, inner.size() - 2) : inner);
  }
  const std::string name = quoted_name(e.description);
  if (!name.empty()) loc.emplace_back(name);
  std::string type = type_of(e.description);
  std::string message = e.description;
  if (constexpr std::string_view kNoFraction = ".000000"; message.ends_with(kNoFraction))
    message.resize(message.size() - kNoFraction.size());
  if (type == "missing") message = "This field is required.";
  if (type == "extra_forbidden") message = "There is no such field.";
  if (type == "type_error") message = "This has the wrong type.";
  return {json::serialize(loc), std::move(message), std::move(type)};
}

/// Of a value that has the wrong type nothing else is worth saying.
void keep_first_cause(std::vector<Problem>& problems) {
  std::vector<std::string> mistyped;
  for (const auto& p : problems)
    if (p.type == "type_error") mistyped.push_back(p.loc);
  std::erase_if(problems, [&](const Problem& p) {
    return p.type != "type_error" && std::find(mistyped.begin(), mistyped.end(), p.loc) != mistyped.end();
  });
}

bool is_json_type(std::string_view content_type) {
  const auto semicolon = content_type.find(';');
  if (!text::iequals(text::trim(content_type.substr(0, semicolon)), "application/json")) return false;
  if (semicolon == std::string_view::npos) return true;
  const auto parameter = text::trim(content_type.substr(semicolon + 1));
  return text::iequals(parameter, "charset=utf-8") || text::iequals(parameter, "charset=\"utf-8\"");
}

struct TextPattern {
  std::string property;
  std::regex pattern;
};

struct QueryRule {
  std::string name;
  bool required = false;
  bool is_integer = false;
  std::int64_t minimum = INT64_MIN;
  std::int64_t maximum = INT64_MAX;
  std::size_t length_min = 0;
  std::size_t length_max = 1024;
  std::vector<std::string> values;  ///< enum; empty: any.
  std::optional<std::regex> pattern;

  [[nodiscard]] std::optional<Problem> check(std::string_view value) const;
};

std::optional<Problem> QueryRule::check(std::string_view value) const {
  const auto wrong = [&](std::string message, std::string type) {
    return Problem{loc_of({"query", name}), std::move(message), std::move(type)};
  };
  if (is_integer) {
    std::uint64_t n = 0;
    const bool negative = value.starts_with('-');
    if (!text::parse_decimal(negative ? value.substr(1) : value, n) || n > static_cast<std::uint64_t>(INT64_MAX))
      return wrong("This must be an integer.", "type_error");
    const std::int64_t v = negative ? -static_cast<std::int64_t>(n) : static_cast<std::int64_t>(n);
    if (v < minimum)
      return wrong("Expected number greater than or equal to " + std::to_string(minimum), "greater_than_equal");
    if (v > maximum)
      return wrong("Expected number less than or equal to " + std::to_string(maximum), "less_than_equal");
    return std::nullopt;
  }
  if (!values.empty() && std::find(values.begin(), values.end(), value) == values.end())
    return wrong("This is none of the allowed values.", "enum");
  if (value.size() < length_min) return wrong("This is too short.", "string_too_short");
  if (value.size() > length_max) return wrong("This is too long.", "string_too_long");
  if (pattern && !std::regex_search(value.begin(), value.end(), *pattern))
    return wrong("This is not in the expected form.", "string_pattern_mismatch");
  return std::nullopt;
}

QueryRule query_rule(const json::object& parameter) {
  QueryRule rule;
  rule.name = text_or(parameter, "name", "");
  if (const auto* required = parameter.if_contains("required")) rule.required = required->as_bool();
  const auto* schema = parameter.if_contains("schema");
  if (schema == nullptr || !schema->is_object()) return rule;
  const auto& s = schema->as_object();
  rule.is_integer = text_or(s, "type", "") == "integer";
  const auto number = [&](std::string_view name, auto& into) {
    if (const auto* v = s.if_contains(name)) into = v->to_number<std::remove_reference_t<decltype(into)>>();
  };
  number("minimum", rule.minimum);
  number("maximum", rule.maximum);
  number("minLength", rule.length_min);
  number("maxLength", rule.length_max);
  if (const auto* values = s.if_contains("enum"))
    for (const auto& v : values->as_array()) rule.values.emplace_back(v.as_string());
  if (const auto* pattern = s.if_contains("pattern")) rule.pattern.emplace(std::string(pattern->as_string()));
  return rule;
}

/// Takes the patterns of the body's own members out of `schema`, to be tried after all lengths were checked; and the
/// formats, which valijson would also ask of a null: who reads an instant or an address checks it.
std::vector<TextPattern> take_patterns(json::value& schema) {
  std::vector<TextPattern> patterns;
  auto* properties = schema.is_object() ? schema.as_object().if_contains("properties") : nullptr;
  if (properties == nullptr) return patterns;
  for (auto& member : properties->as_object()) {
    auto* property = member.value().if_object();
    if (property == nullptr) continue;
    property->erase("format");
    const auto* pattern = property->if_contains("pattern");
    if (pattern == nullptr) continue;
    patterns.push_back({std::string(member.key()), std::regex(std::string(pattern->as_string()))});
    property->erase("pattern");
    if (!property->contains("maxLength")) (*property)["maxLength"] = kPatternTextMax;
  }
  return patterns;
}

}  // namespace

struct ApiDocument::Rules {
  std::unique_ptr<valijson::Schema> body;
  std::vector<TextPattern> patterns;
  std::vector<QueryRule> query;
};

ApiDocument::ApiDocument() = default;
ApiDocument::ApiDocument(ApiDocument&&) noexcept = default;
ApiDocument& ApiDocument::operator=(ApiDocument&&) noexcept = default;
ApiDocument::~ApiDocument() = default;

namespace {

std::string access_of(const json::object& root, const json::object& operation) {
  if (const auto* access = operation.if_contains("x-access")) return std::string(access->as_string());
  const auto* security = operation.if_contains("security");
  if (security == nullptr) security = root.if_contains("security");
  return security == nullptr || security->as_array().empty() ? "open" : "buyer";
}

}  // namespace

Result<ApiDocument> ApiDocument::load(std::string_view text) try {
  ApiDocument out;
  const json::value root = json::parse(text);
  for (const auto& path : root.at("paths").as_object()) {
    for (const auto& verb : path.value().as_object()) {
      if (verb.key() == "parameters" || !verb.value().is_object()) continue;
      auto operation_value = resolved(root, verb.value(), 0);
      if (!operation_value) return operation_value.error();
      const auto& node = operation_value->as_object();
      Operation operation;
      operation.id = text_or(node, "operationId", "");
      operation.method = upper(std::string_view(verb.key()));
      operation.path = std::string(path.key());
      operation.access = access_of(root.as_object(), node);
      if (operation.access == "buyer" && operation.path.starts_with("/api/admin/")) operation.access = "admin";
      operation.policy = text_or(node, "x-rate-limit", "default");
      if (operation.policy == "none") operation.policy.clear();
      auto rules = std::make_unique<Rules>();
      if (const auto* body = node.if_contains("requestBody")) {
        const auto& b = body->as_object();
        operation.body_required = b.contains("required") && b.at("required").as_bool();
        json::value schema = b.at("content").at("application/json").at("schema");
        operation.has_json_body = true;
        rules->patterns = take_patterns(schema);
        rules->body = std::make_unique<valijson::Schema>();
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(valijson::adapters::BoostJsonAdapter(schema), *rules->body);
      }
      if (const auto* parameters = node.if_contains("parameters"))
        for (const auto& parameter : parameters->as_array())
          if (text_or(parameter.as_object(), "in", "") == "query")
            rules->query.push_back(query_rule(parameter.as_object()));
      out.operations_.push_back(std::move(operation));
      out.rules_.push_back(std::move(rules));
    }
  }
  return out;
} catch (const std::exception& problem) {
  return error(std::string("the API document cannot be used: ") + problem.what());
}

std::optional<std::size_t> ApiDocument::find(std::string_view operation_id) const {
  for (std::size_t i = 0; i < operations_.size(); ++i)
    if (operations_[i].id == operation_id) return i;
  return std::nullopt;
}

std::variant<json::value, Response> ApiDocument::check_body(std::size_t operation, std::string_view content_type,
                                                            std::string_view body,
                                                            const json::storage_ptr& memory) const {
  if (body.empty() && !operations_[operation].body_required) return json::value(json::object(memory));
  if (!is_json_type(content_type))
    return error(415, "unsupported_media_type", "The body must be application/json in UTF-8.");
  auto parsed = parse_strict_json(body, memory);
  if (!parsed) return error(400, "malformed_json", "The body is not valid JSON.");
  const Rules& rules = *rules_[operation];
  if (!rules.body) return std::move(*parsed);
  if (holds_nul(*parsed)) return refusal_of({nul_in(*parsed)});  // before any length is looked at
  // Keeps compiled expressions, so it is not shared between threads.
  thread_local valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  std::vector<Problem> problems;
  if (!validator.validate(*rules.body, valijson::adapters::BoostJsonAdapter(*parsed), &results)) {
    valijson::ValidationResults::Error e;
    while (problems.size() < kErrorsMax && results.popError(e)) {
      // Its summary of an error inside a member says nothing new.
      if (e.description.find("associated with property name") != std::string::npos) continue;
      problems.push_back(problem_of(e));
    }
    if (problems.empty()) problems.push_back({loc_of({"body"}), "This is not valid.", "value_error"});
    keep_first_cause(problems);
    return refusal_of(problems);
  }
  if (const auto* object = parsed->if_object()) {
    for (const auto& rule : rules.patterns) {
      const auto* value = object->if_contains(rule.property);
      if (value == nullptr || !value->is_string()) continue;
      const std::string_view s = value->as_string();
      if (!std::regex_search(s.begin(), s.end(), rule.pattern))
        problems.push_back(
            {loc_of({"body", rule.property}), "This is not in the expected form.", "string_pattern_mismatch"});
    }
  }
  if (!problems.empty()) return refusal_of(problems);
  return std::move(*parsed);
}

std::optional<Response> ApiDocument::check_query(std::size_t operation, std::span<const NameValue> query) const {
  const auto& rules = rules_[operation]->query;
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const auto& r) { return r.name == query[i].name; });
    const auto refuse = [&](std::string message, std::string type) {
      problems.push_back({loc_of({"query", query[i].name}), std::move(message), std::move(type)});
    };
    if (rule == rules.end())
      refuse("There is no such parameter.", "extra_forbidden");
    else if (std::any_of(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(i),
                         [&](const auto& other) { return other.name == query[i].name; }))
      refuse("This parameter is there twice.", "value_error");
    else if (auto problem = rule->check(query[i].value))
      problems.push_back(std::move(*problem));
    if (problems.size() == kErrorsMax) break;
  }
  if (problems.empty()) return std::nullopt;
  return refusal_of(problems);
}

}  // namespace scalemart
