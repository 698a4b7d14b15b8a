#include "gateway/time_range.hpp"

#include "domain/time_text.hpp"

namespace scalemart {

std::variant<TimeRange, Response> read_time_range(const Exchange& x) {
  TimeRange range;
  for (const auto& [name, into] : {std::pair("from", &range.from), std::pair("to", &range.to)}) {
    const auto text = x.query(name);
    if (!text) continue;
    *into = parse_rfc3339(*text);
    if (!*into)
      return validation_error(R"(["query",")" + std::string(name) + R"("])",
                              "This is no RFC 3339 instant, such as 2026-11-27T10:00:00.000Z.", "datetime_parsing");
  }
  if (range.from && range.to && *range.to <= *range.from)
    return validation_error(R"(["query","to"])", "This must be after `from`.", "value_error");
  return range;
}

}  // namespace scalemart
