// scalemart stats

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <ostream>
#include <utility>

#include "app/command.hpp"
#include "domain/money_text.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string plain(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (value.is_double()) return fmt::format("{:.2f}", value.get_double());
  return json::serialize(value);
}

void add(Lines& lines, const std::string& name, const json::value& value);

/// The parts of a list are told apart by the first text in them: a currency, a step.
void add_each(Lines& lines, const std::string& name, const json::array& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const json::object* object = list[i].if_object();
    if (object == nullptr || object->empty() || !object->begin()->value().is_string()) {
      add(lines, name + " " + std::to_string(i + 1), list[i]);
      continue;
    }
    const std::string label = name + " " + plain(object->begin()->value());
    for (auto it = object->begin() + 1; it != object->end(); ++it)
      add(lines, label + " " + std::string(it->key()), it->value());
  }
}

void add(Lines& lines, const std::string& name, const json::value& value) {
  if (value.is_null()) return;
  if (const auto* list = value.if_array()) return add_each(lines, name, *list);
  if (const auto* object = value.if_object()) {
    for (const auto& [key, inner] : *object) add(lines, name + " " + std::string(key), inner);
    return;
  }
  lines.emplace_back(name, plain(value));
}

/// "revenue EUR confirmed  12.50 EUR": people do not count in cents.
void add_revenue(Lines& lines, const json::array& list) {
  for (const json::value& item : list) {
    const json::object& money = item.as_object();
    const std::string_view code = money.at("currency").as_string();
    Currency currency;
    if (code.size() == currency.code.size()) std::copy(code.begin(), code.end(), currency.code.begin());
    const std::string label = "revenue " + std::string(code);
    for (const char* kind : {"confirmed", "refunded"})
      lines.emplace_back(label + " " + kind,
                         format_money(money.at(std::string(kind) + "_minor").to_number<MinorUnits>(), currency));
    lines.emplace_back(label + " units", plain(money.at("units")));
  }
}

/// "product aurora-lamp live  498 of 500 left": one line each, there may be fifty.
void add_products(Lines& lines, const json::array& list) {
  for (const json::value& item : list) {
    const json::object& product = item.as_object();
    lines.emplace_back(fmt::format("product {} {}", plain(product.at("id")), plain(product.at("state"))),
                       fmt::format("{} of {} left", plain(product.at("available")), plain(product.at("total"))));
  }
}

/// One line for each number, the values in a column to the right.
std::string table_of(const json::object& stats) {
  Lines lines;
  for (const auto& [name, value] : stats) {
    if (name == "revenue" && value.is_array())
      add_revenue(lines, value.get_array());
    else if (name == "products" && value.is_array())
      add_products(lines, value.get_array());
    else
      add(lines, std::string(name), value);
  }
  std::size_t names = 0;
  std::size_t values = 0;
  for (const auto& [name, value] : lines) {
    names = std::max(names, name.size());
    values = std::max(values, value.size());
  }
  std::string table;
  for (auto& [name, value] : lines) {
    std::replace(name.begin(), name.end(), '_', ' ');
    table += fmt::format("{:<{}}  {:>{}}\n", name, names, value, values);
  }
  return table;
}

}  // namespace

void declare_stats(CommandSpec spec) {
  spec.run([](CommandContext& context) -> int {
    const auto operations = context.operations();
    if (!operations) return kCannotRun;
    const auto stats = operations->stats();
    if (!stats) return context.refuse(stats.error());
    if (context.json)
      context.print(*stats);
    else
      context.out << table_of(*stats);
    return kDone;
  });
}

}  // namespace scalemart
