// scalemart webhook list|create|enable|disable|rotate|delete|test|deliveries|retry

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <ostream>

#include "app/command.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t count_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

void show_webhook(CommandContext& context, const json::object& w) {
  context.out << fmt::format("{}  {:<8} {:>6} behind {:>5} waiting {:>5} dead  {}\n", text_of(w, "id"),
                             text_of(w, "state"), count_of(w, "behind"), count_of(w, "waiting"), count_of(w, "dead"),
                             text_of(w, "url"));
  if (const auto reason = text_of(w, "disabled_reason"); !reason.empty())
    context.out << "  disabled: " << reason << '\n';
  else if (const auto problem = text_of(w, "problem"); !problem.empty())
    context.out << "  problem: " << problem << '\n';
  if (const auto secret = text_of(w, "secret"); !secret.empty())
    context.out << "  secret: " << secret << "  (shown this once)\n";
}

void show_delivery(CommandContext& context, const json::object& d) {
  const auto status = count_of(d, "status");
  context.out << fmt::format("{:<24} {:<9} {:<16} {:>2} attempts  {:<4} {}  {}\n", text_of(d, "last_attempt_at"),
                             text_of(d, "state"), text_of(d, "type"), count_of(d, "attempts"),
                             status == 0 ? "-" : std::to_string(status), text_of(d, "id"), text_of(d, "problem"));
}

using Show = void (*)(CommandContext&, const json::object&);

int run_verb(CommandContext& context, std::string_view verb, const json::object& arguments, Show show) {
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  const auto done = operations->webhook(verb, arguments);
  if (!done) return context.refuse(done.error());
  if (context.json) {
    context.print(*done);
  } else if (const auto* list = done->if_array()) {
    for (const auto& item : *list) show(context, item.as_object());
  } else {
    show(context, done->as_object());
  }
  // A test that was not taken is an answer too.
  return verb == "test" && text_of(done->as_object(), "state") != "delivered" ? kAnswerIsNo : kDone;
}

json::array split(const std::string& list) {
  json::array out;
  for (std::size_t at = 0; at < list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    if (comma > at) out.push_back(json::value(list.substr(at, comma - at)));
    at = comma + 1;
  }
  return out;
}

void declare_create(CommandSpec& spec) {
  struct Options {
    std::string url, events, secret;
  };
  auto options = std::make_shared<Options>();
  auto sub = spec.sub("create", "Tell one more endpoint from now on; prints its secret");
  sub.text("url", options->url, "https://shop.example/hooks", true);
  sub.text("--events", options->events, "order.confirmed,stock.*; all when not given");
  sub.text("--secret", options->secret, "whsec_...; one is made when not given");
  sub.run([options](CommandContext& context) {
    json::object body{{"url", options->url}};
    if (!options->events.empty()) body["events"] = split(options->events);
    if (!options->secret.empty()) body["secret"] = options->secret;
    return run_verb(context, "create", body, show_webhook);
  });
}

void declare_deliveries(CommandSpec& spec) {
  struct Options {
    std::string id, state;
    std::uint64_t limit = 100;
  };
  auto options = std::make_shared<Options>();
  auto sub = spec.sub("deliveries", "What became of events, newest first");
  sub.text("id", options->id, "Webhook id", true);
  sub.text("--state", options->state, "delivered, waiting or dead");
  sub.number("--limit", options->limit, "Rows at the most", 1, 1000);
  sub.run([options](CommandContext& context) {
    if (!options->state.empty() && options->state != "delivered" && options->state != "waiting" &&
        options->state != "dead")
      return context.fail(kWrongUsage, "--state: allowed are delivered, waiting and dead");
    return run_verb(context, "deliveries", {{"id", options->id}, {"state", options->state}, {"limit", options->limit}},
                    show_delivery);
  });
}

void declare_retry(CommandSpec& spec) {
  struct Options {
    std::string id, delivery;
  };
  auto options = std::make_shared<Options>();
  auto sub = spec.sub("retry", "Try again what was given up");
  sub.text("id", options->id, "Webhook id", true);
  sub.text("delivery", options->delivery, "One delivery's id; all when not given");
  sub.run([options](CommandContext& context) {
    json::object body{{"id", options->id}};
    if (!options->delivery.empty()) body["delivery_id"] = options->delivery;
    return run_verb(context, "retry", body, [](CommandContext& c, const json::object& done) {
      c.out << count_of(done, "retried") << " tried again\n";
    });
  });
}

void declare_rotate(CommandSpec& spec) {
  struct Options {
    std::string id;
    std::chrono::microseconds grace = std::chrono::hours(24);
  };
  auto options = std::make_shared<Options>();
  auto sub = spec.sub("rotate", "Make a new secret; the one before signs too for a while");
  sub.text("id", options->id, "Webhook id", true);
  sub.duration("--grace", options->grace, "For how long [24h]");
  sub.run([options](CommandContext& context) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options->grace).count();
    return run_verb(context, "rotate", {{"id", options->id}, {"grace_seconds", seconds}}, show_webhook);
  });
}

}  // namespace

void declare_webhook(CommandSpec spec) {
  spec.sub("list", "Endpoints, and how far each is").run([](CommandContext& context) {
    return run_verb(context, "list", {}, show_webhook);
  });
  declare_create(spec);
  declare_rotate(spec);
  declare_deliveries(spec);
  declare_retry(spec);
  const auto by_id = [&](const char* name, const char* help, const char* verb, const json::object& more, Show show) {
    auto id = std::make_shared<std::string>();
    auto sub = spec.sub(name, help);
    sub.text("id", *id, "Webhook id", true);
    sub.run([id, verb, more, show](CommandContext& context) {
      json::object body = more;
      body["id"] = *id;
      return run_verb(context, verb, body, show);
    });
  };
  by_id("enable", "Go on where a disabled endpoint stood", "change", {{"enabled", true}}, show_webhook);
  by_id("disable", "Send nothing for now; nothing is lost", "change", {{"enabled", false}}, show_webhook);
  by_id("test", "Send a webhook.test event now", "test", {}, show_delivery);
  by_id("delete", "Remove an endpoint", "remove", {}, [](CommandContext& context, const json::object& done) {
    context.out << "removed " << text_of(done, "id") << '\n';
  });
}

}  // namespace scalemart
