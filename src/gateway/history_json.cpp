// Which steps answer a question about the past, and how they are told.
#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>

#include "domain/time_text.hpp"
#include "gateway/history_routes.hpp"

namespace scalemart {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::int64_t kUsualSpan = 15 * 60;

std::int64_t floor_to(std::int64_t second, std::int64_t step) {
  const std::int64_t over = second % step;
  return second - (over < 0 ? over + step : over);
}
std::int64_t ceil_to(std::int64_t second, std::int64_t step) {
  return -floor_to(-second, step);
}

std::string text_of(std::int64_t second) {
  return to_rfc3339(WallTime{second * 1000});
}

array values_of(const std::vector<std::int64_t>& values, double divisor) {
  array out;
  out.reserve(values.size());
  for (const std::int64_t value : values) {
    if (value == kUnknown)
      out.emplace_back(nullptr);
    else if (divisor == 1)
      out.emplace_back(value);
    else
      out.emplace_back(static_cast<double>(value) / divisor);
  }
  return out;
}

/// The object in which the last part of a path stands, made if needed.
object& parent_of(object& root, std::string_view& path) {
  object* at = &root;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    boost::json::value& inner = (*at)[path.substr(0, dot)];
    if (!inner.is_object()) inner = object();
    at = &inner.as_object();
    path.remove_prefix(dot + 1);
  }
  return *at;
}

bool says_nothing(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0 || v == kUnknown; });
}

bool is_unknown(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == kUnknown; });
}

}  // namespace

std::variant<HistoryQuery, HistoryFault> plan_history(std::optional<WallTime> from, std::optional<WallTime> to,
                                                      std::optional<std::int64_t> step, WallTime now) {
  const std::int64_t present = now.ms / 1000 + 1;
  const std::int64_t end = to ? std::min(ceil_to(to->ms, 1000) / 1000, present) : present;
  const std::int64_t begin = from ? floor_to(from->ms, 1000) / 1000 : end - kUsualSpan;
  if (begin >= end) return HistoryFault{"from", "This is not in the past, or not before `to`."};
  bool is_known = false;
  for (std::size_t tier = 0; tier < kHistoryTiers.size(); ++tier) {
    const HistoryTier& t = kHistoryTiers[tier];
    if (step && *step != t.step) continue;
    is_known = true;
    HistoryQuery query;
    query.tier = tier;
    query.from = floor_to(begin, t.step);
    query.to = ceil_to(end, t.step);
    const bool fits = (query.to - query.from) / t.step <= kHistoryPointsMax;
    // The usual span reaches back as far as the finest steps are kept.
    if (fits && (step || begin >= present - 1 - t.kept || tier + 1 == kHistoryTiers.size())) return query;
  }
  if (!is_known) return HistoryFault{"step", "Allowed are 1, 10, 60 and 3600."};
  return HistoryFault{step ? "step" : "from", "These would be more than 3000 points."};
}

object render_history(const HistoryQuery& query, const HistoryPage& page, const std::vector<HistoryColumn>& columns) {
  object data{{"from", text_of(query.from)},
              {"to", text_of(query.to)},
              {"step_seconds", kHistoryTiers[query.tier].step},
              {"points", page.covered.size()},
              {"covered_seconds", values_of(page.covered, 1)}};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::string_view path = columns[i].path;
    object& parent = parent_of(data, path);
    if (columns[i].rare && says_nothing(page.columns[i])) continue;
    parent[path] = values_of(page.columns[i], columns[i].divisor);
  }
  array revenue, stock;
  for (const HistoryPage::Levels& levels : page.levels) {
    const auto& [a, b, c] = levels.values;
    if (levels.kind == HistoryLevel::Kind::revenue)
      revenue.push_back(
          {{"currency", levels.name}, {"confirmed_minor", values_of(a, 1)}, {"refunded_minor", values_of(b, 1)}});
    else if (!query.products.empty() || !is_unknown(a))
      stock.push_back({{"product_id", levels.name},
                       {"available", values_of(a, 1)},
                       {"held", values_of(b, 1)},
                       {"sold", values_of(c, 1)}});
  }
  data["revenue"] = std::move(revenue);
  data["stock"] = std::move(stock);
  return data;
}

}  // namespace scalemart
