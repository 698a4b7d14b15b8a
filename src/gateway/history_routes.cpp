#include "gateway/history_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>
#include <memory>

#include "domain/time_text.hpp"
#include "gateway/render.hpp"
#include "gateway/time_range.hpp"

namespace scalemart {
namespace {

using Reply = std::shared_ptr<Later>;

constexpr std::size_t kProductsMax = 20;
constexpr std::size_t kSlugMax = 64;

Response unavailable() {
  return error(503, "unavailable", "The history does not answer.");
}

Response wrong_query(std::string_view parameter, std::string_view sentence) {
  return validation_error(R"(["query",")" + std::string(parameter) + R"("])", sentence, "value_error");
}

template <class Number>
std::optional<Number> number_of(const Exchange& x, std::string_view name) {
  const auto text = x.query(name);
  if (!text) return std::nullopt;
  Number number = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (code != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

bool is_slug(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kSlugMax && plain(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-'; });
}

/// False: not a list of at most kProductsMax ids.
bool read_products(std::string_view text, std::vector<std::string>& into) {
  for (;;) {
    const auto comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    if (!is_slug(one) || into.size() == kProductsMax) return false;
    if (std::find(into.begin(), into.end(), one) == into.end()) into.emplace_back(one);
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

boost::json::object render_step(const FinishedStep& step) {
  return {{"order_id", to_string(step.order)},
          {"step", to_text(step.step)},
          {"result", to_text(step.result)},
          {"attempts", step.attempts},
          {"at", to_rfc3339(step.at)},
          {"seconds", std::chrono::duration<double>(step.took).count()},
          {"detail", step.detail}};
}

class HistoryHandlers {
 public:
  explicit HistoryHandlers(HistoryServices services) : s_(services) {}

  void history(Exchange& x) const {
    const auto range = read_time_range(x);
    if (const auto* refused = std::get_if<Response>(&range)) return x.respond(*refused);
    const auto& [from, to] = std::get<TimeRange>(range);
    auto planned = plan_history(from, to, number_of<std::int64_t>(x, "step"), s_.clock.now());
    if (const auto* fault = std::get_if<HistoryFault>(&planned))
      return x.respond(wrong_query(fault->parameter, fault->sentence));
    HistoryQuery& query = std::get<HistoryQuery>(planned);
    if (const auto products = x.query("product_id"); products && !read_products(*products, query.products))
      return x.respond(
          wrong_query("product_id", "This is no list of at most 20 product ids with commas between them."));
    run(x, [this, query](const Reply& reply) {
      const auto page = s_.history.read(query);
      reply->respond(page ? json_ok(render_history(query, *page, s_.history.columns())) : unavailable());
    });
  }

  void steps(Exchange& x) const {
    StepSearch search;
    if (const auto step = x.query("step")) search.step = parse_step(*step);
    if (const auto result = x.query("result")) search.result = parse_step_result(*result);
    if (const auto order = x.query("order_id")) search.order = parse_ulid<OrderId>(*order);
    search.limit = number_of<std::size_t>(x, "limit").value_or(search.limit);
    if (x.query("cursor")) {
      search.before = number_of<std::uint64_t>(x, "cursor").value_or(0);
      if (search.before == 0 || search.before > INT64_MAX)
        return x.respond(wrong_query("cursor", "This is no cursor of this list."));
    }
    run(x, [this, search](const Reply& reply) {
      const auto page = s_.history.steps(search);
      if (!page) return reply->respond(unavailable());
      boost::json::array data;
      for (const FinishedStep& step : page->steps) data.push_back(render_step(step));
      reply->respond(json_list(data, page->next == 0 ? std::string() : std::to_string(page->next)));
    });
  }

 private:
  template <class Work>
  void run(Exchange& x, Work work) const {
    const auto reply = std::make_shared<Later>(x.later());
    if (!s_.pool.post([reply, work = std::move(work)] { work(reply); })) reply->respond(too_busy());
  }

  HistoryServices s_;
};

}  // namespace

Routes history_routes(HistoryServices services) {
  const auto handlers = std::make_shared<const HistoryHandlers>(services);
  const auto route = [&handlers](std::string path, std::string operation,
                                 void (HistoryHandlers::*handle)(Exchange&) const) {
    return Route{Method::get,
                 std::move(path),
                 std::move(operation),
                 Access::admin,
                 "default",
                 Body::none,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  return {route("/api/admin/history", "adminHistory", &HistoryHandlers::history),
          route("/api/admin/queue/steps", "adminFinishedSteps", &HistoryHandlers::steps)};
}

}  // namespace scalemart
