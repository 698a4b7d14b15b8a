#include "gateway/flash_buy.hpp"

#include <fmt/format.h>

#include <boost/json/value.hpp>
#include <memory>

#include "base/random.hpp"
#include "gateway/render.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kKeyMax = 64;

/// What the handler keeps until the ledger has answered.
struct Pending {
  const class FlashBuy* owner = nullptr;
  TraceContext caller;
  bool is_traced = false;
};

bool is_key(std::string_view key) {
  if (key.size() > kKeyMax) return false;
  for (const char c : key)
    if (c < 0x21 || c > 0x7e) return false;
  return true;
}

class FlashBuy {
 public:
  explicit FlashBuy(FlashBuyServices services) : services_(std::move(services)) {
    for (int i = 0; i < kOutcomeCount; ++i)
      counters_[static_cast<std::size_t>(i)] = &services_.metrics.buys_total.at({to_text(static_cast<Outcome>(i))});
  }

  void handle(Exchange& x) const {
    FlashBuyBody body;
    std::optional<boost::json::value> parsed;  // keeps body.product_id alive on the general way
    if (!read_body(x, body, parsed)) return;
    BuyIntent intent{x.principal()->user, body.product_id, body.quantity, {}, x.arrival() + services_.deadline};
    if (const std::string_view key = x.header("Idempotency-Key"); !key.empty()) {
      if (!is_key(key))
        return x.respond(validation_error(R"(["header","Idempotency-Key"])",
                                          "1 to 64 printable characters without spaces", "string_pattern_mismatch"));
      intent.key = digest_key(key);
    }
    auto& pending = x.local<Pending>();
    pending.owner = this;
    if (const std::string_view header = x.header("traceparent"); !header.empty()) {
      intent.caller = parse_trace_parent(header);
      pending.is_traced = intent.caller.has_value();
      if (intent.caller) pending.caller = *intent.caller;
    }
    const AnswerTo to = x.await_answer(&FlashBuy::on_answer);
    if (const auto answer = loop().purchase.begin(intent, *to.sink, to.token)) finish(x, *answer);
  }

 private:
  /// What one event loop has for itself.
  struct Loop {
    Loop(const FlashBuyServices& s)
        : purchase(s.catalogue, s.used_keys, s.sale_clock, s.ledger, random, {s.hold_ms, s.traces}) {}
    SecureRandom random;
    Purchase purchase;
    fmt::memory_buffer text;
  };

  Loop& loop() const {
    thread_local const FlashBuy* owner = nullptr;
    thread_local std::unique_ptr<Loop> mine;
    if (owner != this) {
      mine = std::make_unique<Loop>(services_);
      owner = this;
    }
    return *mine;
  }

  bool read_body(Exchange& x, FlashBuyBody& body, std::optional<boost::json::value>& parsed) const {
    if (x.header("Content-Type") == "application/json") {
      if (const auto plain = read_plain_buy(x.body())) {
        body = *plain;
        return true;
      }
    }
    auto checked = services_.check_body(x);
    if (auto* refused = std::get_if<Response>(&checked)) {
      x.respond(*refused);
      return false;
    }
    parsed = std::move(std::get<boost::json::value>(checked));
    const auto& object = parsed->as_object();
    body.product_id = object.at("product_id").as_string();
    if (const auto* quantity = object.if_contains("quantity")) body.quantity = quantity->to_number<std::uint32_t>();
    return true;
  }

  static void on_answer(Exchange& x, const Answer& answer) { x.local<Pending>().owner->finish(x, answer); }

  void finish(Exchange& x, const Answer& answer) const {
    counters_[static_cast<std::size_t>(answer.outcome)]->add();
    services_.metrics.buy_duration.record(services_.clock.steady() - x.arrival());
    if (answer.outcome == Outcome::done) tell(x, answer.order);
    if (is_success(answer.outcome)) return accepted(x, answer);
    if (answer.outcome == Outcome::out_of_stock) return sold_out(x, answer);
    x.respond(refusal(answer));
  }

  void accepted(Exchange& x, const Answer& answer) const {
    Loop& mine = loop();
    const Offer& offer = mine.purchase.at(answer.product);
    char order[26];
    write_text(answer.order, order);
    mine.text.clear();
    fmt::format_to(std::back_inserter(mine.text),
                   R"({{"status":"success","data":{{"order_id":"{}","status":"pending",)"
                   R"("message":"Order queued! Processing in background.","product_id":"{}","quantity":{},)"
                   R"("total_minor":{},"currency":"{}","sequence":{}}}}})",
                   std::string_view(order, sizeof order), offer.spec->id, answer.quantity,
                   answer.unit_price * answer.quantity, offer.spec->currency.text(), answer.sequence);
    ResponseView view;
    view.body = {mine.text.data(), mine.text.size()};
    if (answer.outcome == Outcome::replayed) view.headers = "Idempotent-Replayed: true\r\n";
    x.respond(view);
  }

  /// Which order a request made, in whose trace: a line for callers that trace, none for the crowd.
  static void tell(Exchange& x, OrderId order) {
    const auto& pending = x.local<Pending>();
    const bool is_wanted = pending.is_traced && pending.caller.is_sampled;
    const auto level = is_wanted ? log::Level::info : log::Level::debug;
    if (!log::enabled(level)) return;
    const std::string id = to_string(order);
    const std::string own = trace_id(trace_of(order));
    if (!pending.is_traced)
      return log::write(level, "order_accepted", {{"order_id", id}, {"request_id", x.request_id()}, {"trace_id", own}});
    log::write(level, "order_accepted",
               {{"order_id", id},
                {"request_id", x.request_id()},
                {"trace_id", trace_id(pending.caller)},
                {"parent_id", span_id(pending.caller)},
                {"order_trace_id", own}});
  }

  void sold_out(Exchange& x, const Answer& answer) const {
    // As refusal() writes it, without building a Response: this is what most of a crowd is told.
    Loop& mine = loop();
    mine.text.clear();
    fmt::format_to(std::back_inserter(mine.text),
                   R"("detail":"Out of stock!","code":"out_of_stock","title":"Bad Request","status":400,)"
                   R"("final":{},"sequence":{})",
                   answer.final, answer.sequence);
    ResponseView view;
    view.status = 400;
    view.is_error = true;
    view.body = {mine.text.data(), mine.text.size()};
    x.respond(view);
  }

  FlashBuyServices services_;
  std::array<Counter*, kOutcomeCount> counters_{};
};

/// Moves over the characters of a plain body.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  /// A string of printable ASCII without escapes.
  std::optional<std::string_view> text() {
    if (!take('"')) return std::nullopt;
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ < 0x20 || *at_ > 0x7e || *at_ == '\\') return std::nullopt;
      ++at_;
    }
    if (at_ == end_) return std::nullopt;
    return std::string_view(begin, static_cast<std::size_t>(at_++ - begin));
  }
  /// One or two digits that do not start with 0.
  std::optional<std::uint32_t> small_number() {
    skip_space();
    if (at_ == end_ || *at_ < '1' || *at_ > '9') return std::nullopt;
    auto value = static_cast<std::uint32_t>(*at_++ - '0');
    if (at_ != end_ && *at_ >= '0' && *at_ <= '9') value = value * 10 + static_cast<std::uint32_t>(*at_++ - '0');
    return value;
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

std::optional<FlashBuyBody> read_plain_buy(std::string_view body) {
  Cursor in(body);
  FlashBuyBody buy;
  bool has_product = false;
  bool has_quantity = false;
  if (!in.take('{')) return std::nullopt;
  do {
    const auto name = in.text();
    if (!name || !in.take(':')) return std::nullopt;
    if (*name == "product_id" && !has_product) {
      const auto value = in.text();
      if (!value || !is_product_slug(*value)) return std::nullopt;
      buy.product_id = *value;
      has_product = true;
    } else if (*name == "quantity" && !has_quantity) {
      const auto value = in.small_number();
      if (!value || *value > kQuantityMax) return std::nullopt;
      buy.quantity = *value;
      has_quantity = true;
    } else {
      return std::nullopt;
    }
  } while (in.take(','));
  if (!in.take('}') || !in.at_end() || !has_product) return std::nullopt;
  return buy;
}

Route flash_buy_route(FlashBuyServices services) {
  auto buy = std::make_shared<const FlashBuy>(std::move(services));
  Route route;
  route.method = Method::post;
  route.path = "/api/flash-buy";
  route.operation_id = "flashBuy";
  route.access = Access::buyer;
  route.policy = "flash_buy";
  route.body = Body::own;
  route.handler = [buy](Exchange& x) { buy->handle(x); };
  return route;
}

}  // namespace scalemart
