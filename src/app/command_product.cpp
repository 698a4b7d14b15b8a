// scalemart product list|show|create|change|stock|pause|resume|remove

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "app/command.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

std::int64_t count_of(const json::object& product, std::string_view name) {
  const auto* value = product.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

std::string text_of(const json::object& product, std::string_view name) {
  const auto* value = product.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

void show(CommandContext& context, const json::object& p) {
  if (context.json) return context.print(p);
  context.out << fmt::format("{:<24} {:<9} available {:>9}  held {:>7}  sold {:>9}  total {:>9}  {} {}.{:02}\n",
                             text_of(p, "id"), text_of(p, "state"), count_of(p, "available"), count_of(p, "held"),
                             count_of(p, "sold"), count_of(p, "total"), text_of(p, "currency"),
                             count_of(p, "sale_price_minor") / 100, count_of(p, "sale_price_minor") % 100);
}

// Runs one verb and shows the product it gives back.
using Verb = std::function<Done<json::object>(Operations&)>;
int run_verb(CommandContext& context, const Verb& verb) {
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  auto product = verb(*operations);
  if (!product) return context.refuse(product.error());
  show(context, *product);
  return kDone;
}

int list(CommandContext& context) {
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  auto products = operations->list_products();
  if (!products) return context.refuse(products.error());
  if (context.json) {
    context.print(*products);
  } else {
    for (const auto& product : *products) {
      if (product.is_object()) show(context, product.as_object());
    }
  }
  return kDone;
}

// What create and change have in common. Times and prices are checked where the API checks them.
struct Fields {
  std::string id, name, description, image_url, currency, starts, ends;
  std::uint64_t total = 0, price = 0, list_price = 0, limit = 0;
  std::vector<std::pair<std::string, std::function<bool()>>> given;

  void declare(CommandSpec& spec, bool create) {
    spec.text("id", id, "Product id: a-z, 0-9 and -", true);
    spec.text("--name", name, "Name", create);
    if (create) spec.number("--total", total, "Units for sale", 0, 1'000'000'000, true);
    spec.number("--price-minor", price, "Sale price in minor units (cents)", 0, 1'000'000'000'000, create);
    if (create) spec.text("--currency", currency, "ISO 4217 [EUR]");
    spec.number("--list-price-minor", list_price, "Price before", 0, 1'000'000'000'000);
    spec.text("--description", description, "Description");
    spec.text("--image-url", image_url, "Image");
    spec.text("--starts-at", starts, "RFC 3339 time the sale begins; with `change`, none clears it");
    spec.text("--ends-at", ends, "RFC 3339 time the sale is over; with `change`, none clears it");
    spec.number("--per-user-limit", limit, "Units one buyer may have; 0 is no limit", 0, 1'000'000);
    for (const char* flag : {"--name", "--price-minor", "--list-price-minor", "--description", "--image-url",
                             "--starts-at", "--ends-at", "--per-user-limit"}) {
      given.emplace_back(flag, spec.given(flag));
    }
  }

  [[nodiscard]] json::object as_json() const {
    json::object out;
    const auto time = [](const std::string& text) { return text == "none" ? json::value(nullptr) : json::value(text); };
    for (const auto& [flag, is_given] : given) {
      if (!is_given()) continue;
      if (flag == "--name") out["name"] = name;
      if (flag == "--price-minor") out["sale_price_minor"] = price;
      if (flag == "--list-price-minor") out["list_price_minor"] = list_price;
      if (flag == "--description") out["description"] = description;
      if (flag == "--image-url") out["image_url"] = image_url;
      if (flag == "--starts-at") out["starts_at"] = time(starts);
      if (flag == "--ends-at") out["ends_at"] = time(ends);
      if (flag == "--per-user-limit") out["per_user_limit"] = limit;
    }
    return out;
  }
};

void declare_create_and_change(CommandSpec& spec) {
  auto made = std::make_shared<Fields>();
  made->currency = "EUR";
  auto create = spec.sub("create", "Create a product");
  made->declare(create, true);
  create.run([made](CommandContext& context) {
    json::object body = made->as_json();
    body["id"] = made->id;
    body["total"] = made->total;
    body["currency"] = made->currency;
    return run_verb(context, [&](Operations& o) { return o.create_product(body); });
  });

  auto changed = std::make_shared<Fields>();
  auto change = spec.sub("change", "Change a product; what is not given stays");
  changed->declare(change, false);
  change.run([changed](CommandContext& context) {
    const json::object body = changed->as_json();
    if (body.empty()) return context.fail(kWrongUsage, "nothing to change was given");
    return run_verb(context, [&](Operations& o) { return o.change_product(changed->id, body); });
  });
}

void declare_stock(CommandSpec& spec) {
  struct Options {
    std::string id, reason = "by command line";
    std::int64_t delta = 0;
  };
  auto options = std::make_shared<Options>();
  auto sub = spec.sub("stock", "Add units to a product, or take some away (-- -5)");
  sub.text("id", options->id, "Product id", true);
  sub.integer("delta", options->delta, "Units to add; negative takes away", true);
  sub.text("--reason", options->reason, "For the audit");
  sub.run([options](CommandContext& context) {
    return run_verb(context,
                    [&](Operations& o) { return o.adjust_stock(options->id, options->delta, options->reason); });
  });
}

int remove(CommandContext& context, const std::string& id) {
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  if (auto done = operations->remove_product(id); !done) return context.refuse(done.error());
  if (context.json) {
    context.print({{"id", id}, {"removed", true}});
  } else {
    context.out << "removed " << id << '\n';
  }
  return kDone;
}

}  // namespace

void declare_product(CommandSpec spec) {
  spec.sub("list", "List products with their stock").run(list);
  declare_create_and_change(spec);
  declare_stock(spec);
  const auto by_id = [&](const char* name, const char* help, auto verb) {
    auto id = std::make_shared<std::string>();
    auto sub = spec.sub(name, help);
    sub.text("id", *id, "Product id", true);
    sub.run([id, verb](CommandContext& context) { return verb(context, *id); });
  };
  by_id("show", "Show one product", [](CommandContext& context, const std::string& id) {
    return run_verb(context, [&](Operations& o) { return o.get_product(id); });
  });
  by_id("pause", "Stop selling a product", [](CommandContext& context, const std::string& id) {
    return run_verb(context, [&](Operations& o) { return o.set_paused(id, true); });
  });
  by_id("resume", "Sell a paused product again", [](CommandContext& context, const std::string& id) {
    return run_verb(context, [&](Operations& o) { return o.set_paused(id, false); });
  });
  by_id("remove", "Remove a product without open orders", remove);
}

}  // namespace scalemart
