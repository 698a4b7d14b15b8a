#include "gateway/product_json.hpp"

#include <algorithm>
#include <optional>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

using boost::json::object;
using boost::json::value;

std::string text_of(const value& v) {
  return v.is_null() ? std::string() : std::string(v.as_string());
}

/// nullopt in `out`: null. False: there is no such instant.
bool read_instant(const value& v, std::optional<WallTime>& out) {
  out.reset();
  if (v.is_null()) return true;
  out = parse_rfc3339(v.as_string());
  return out.has_value();
}

Response no_instant(std::string_view member) {
  return validation_error(R"(["body",")" + std::string(member) + R"("])",
                          "This is no RFC 3339 instant, such as 2026-11-27T10:00:00.000Z.", "datetime_parsing");
}

}  // namespace

std::variant<ProductSpec, Response> read_changes(ProductSpec spec, const object& changes) {
  for (const auto& [name, v] : changes) {
    if (name == "name")
      spec.details.name = text_of(v);
    else if (name == "description")
      spec.details.description = text_of(v);
    else if (name == "image_url")
      spec.details.image_url = text_of(v);
    else if (name == "list_price_minor")
      spec.details.list_price = v.is_null() ? std::nullopt : std::optional(v.to_number<MinorUnits>());
    else if (name == "sale_price_minor")
      spec.terms.price = v.to_number<MinorUnits>();
    else if (name == "per_user_limit")
      spec.terms.per_user_limit = v.is_null() ? 0 : v.to_number<std::uint32_t>();
    else if (name == "starts_at" && !read_instant(v, spec.terms.starts_at))
      return no_instant("starts_at");
    else if (name == "ends_at" && !read_instant(v, spec.terms.ends_at))
      return no_instant("ends_at");
  }
  if (spec.terms.starts_at && spec.terms.ends_at && *spec.terms.ends_at <= *spec.terms.starts_at)
    return validation_error(R"(["body","ends_at"])", "A sale ends after it starts.", "value_error");
  if (const auto& url = spec.details.image_url;
      !url.empty() && !url.starts_with("https://") && !(url.starts_with('/') && !url.starts_with("//")))
    return validation_error(R"(["body","image_url"])", "A picture is a path of this server or an https address.",
                            "value_error");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(spec.details.name.begin(), spec.details.name.end(), is_control))
    return validation_error(R"(["body","name"])", "A name has no control characters.", "value_error");
  return spec;
}

std::variant<NewProduct, Response> read_new_product(const object& body) {
  ProductSpec spec;
  spec.id = text_of(body.at("id"));
  if (const auto* currency = body.if_contains("currency"))
    std::copy_n(currency->as_string().begin(), 3, spec.currency.code.begin());
  auto read = read_changes(std::move(spec), body);
  if (auto* refused = std::get_if<Response>(&read)) return std::move(*refused);
  return NewProduct{std::move(std::get<ProductSpec>(read)), body.at("total").to_number<std::int64_t>()};
}

}  // namespace scalemart
