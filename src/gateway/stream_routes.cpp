#include "gateway/stream_routes.hpp"

#include <fmt/format.h>

#include <atomic>

#include "domain/time_text.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

Response no_room() {
  return error(503, "overloaded", "Too many viewers at once. Please try again.");
}

std::string stock_event(const Offer& offer, WallTime now) {
  const Stock stock = offer.live->read().stock;
  return *event_text("stock", render_stock(stock, state_at(offer.spec->terms, stock, offer.paused, now)));
}

std::string order_event(const OrderNotice& notice) {
  const std::string reason =
      notice.reason == StatusReason::none ? "null" : fmt::format("\"{}\"", to_text(notice.reason));
  return *event_text("order",
                     fmt::format(R"({{"id":"{}","status":"{}","status_reason":{},"at":"{}"}})", to_string(notice.order),
                                 to_text(notice.status), reason, to_rfc3339(notice.at)));
}

EventStream::Text event_shared(const OrderNotice& notice) {
  return std::make_shared<const std::string>(order_event(notice));
}

/// Room for viewers. Taken before a stream begins: who asks the hub how many it has may ask too early, and
/// then a stream that began must be closed again. Any thread.
class Places {
 public:
  explicit Places(std::size_t most) : most_(most) {}
  [[nodiscard]] bool take() {
    if (taken_.fetch_add(1) < most_) return true;
    leave();
    return false;
  }
  void leave() { taken_.fetch_sub(1); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> taken_{0};
};

class StreamHandlers {
 public:
  explicit StreamHandlers(StreamServices services)
      : s_(std::move(services)), places_(std::make_shared<Places>(s_.viewers_max)) {}

  void product(Exchange& x) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = offers->find(x.path_parameter(0));
    if (offer == nullptr || offer->removed) return x.respond(product_not_found());
    if (!places_->take()) return x.respond(no_room());
    static_cast<void>(follow(x, offer->ref, stock_event(*offer, s_.clock.now()), StreamOptions::Overflow::keep_latest));
  }

  void order(Exchange& x) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    x.local<Watching>() = {this, *id};
    // The order is looked up on the ledger's thread; its status, reason and time come back to this loop in
    // the form of a ledger's answer.
    const AnswerTo to = x.await_answer(
        [](Exchange& exchange, const Answer& found) { exchange.local<Watching>().handlers->found(exchange, found); });
    const UserId buyer = x.principal()->user;
    const auto asker = std::make_shared<Asker>(to);
    if (!s_.orders.find(*id, [asker, buyer](std::optional<OrderView> view) {
          Answer answer;
          answer.outcome = view && view->buyer == buyer ? Outcome::done : Outcome::order_not_found;
          if (view) {
            answer.count = static_cast<std::uint32_t>(view->status);
            answer.quantity = static_cast<std::uint32_t>(view->reason);
            answer.sequence = static_cast<Sequence>(view->history.back().at.ms);
          }
          asker->tell(answer);
        }))
      x.respond(no_room());
  }

  void stats(Exchange& x) const {
    StreamOptions options;
    options.headers = server_time_line(s_.clock.now());
    options.first = event_text("stats", s_.stats());
    s_.stats_viewers.add(x.stream(std::move(options)));
  }

 private:
  /// A question to the order book: answered, or dropped when the book has no answer.
  class Asker {
   public:
    explicit Asker(AnswerTo to) : to_(to) {}
    ~Asker() {
      if (told_) return;
      Answer none;
      none.outcome = Outcome::unavailable;
      tell(none);
    }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    void tell(const Answer& answer) {
      told_ = true;
      const AnswerSink::Item item{to_.token, answer};
      to_.sink->answers({&item, 1});
    }

   private:
    const AnswerTo to_;
    bool told_ = false;
  };
  struct Watching {
    const StreamHandlers* handlers = nullptr;
    OrderId order;
  };

  /// Opens the stream and tells the hub; the subscription and the place, which was taken, end with the
  /// connection.
  template <class Topic>
  EventStream follow(Exchange& x, Topic topic, std::string first, StreamOptions::Overflow overflow) const {
    auto subscription = std::make_shared<Hub::Subscription>();
    StreamOptions options;
    options.overflow = overflow;
    options.headers = server_time_line(s_.clock.now());
    options.first = std::make_shared<const std::string>(std::move(first));
    options.on_close = [subscription, places = places_] {
      subscription->end();
      places->leave();
    };
    const EventStream stream = x.stream(std::move(options));
    *subscription = s_.hub.subscribe(topic, [stream](const Hub::Text& text) { return stream.send(text); });
    if (!*subscription) stream.close();
    return stream;
  }

  void found(Exchange& x, const Answer& answer) const {
    if (answer.outcome != Outcome::done)
      return x.respond(answer.outcome == Outcome::order_not_found ? order_not_found() : unavailable());
    if (!places_->take()) return x.respond(no_room());
    const OrderId id = x.local<Watching>().order;
    const OrderNotice now{id, static_cast<OrderStatus>(answer.count), static_cast<StatusReason>(answer.quantity),
                          WallTime{static_cast<std::int64_t>(answer.sequence)}};
    const EventStream stream = follow(x, id, order_event(now), StreamOptions::Overflow::close);
    // What changed between the look-up and the subscription would be lost: look once more, now that it
    // listens.
    static_cast<void>(s_.orders.find(id, [stream, id, told = now.status](std::optional<OrderView> view) {
      if (view && view->status != told)
        stream.send(event_shared({id, view->status, view->reason, view->history.back().at}));
    }));
  }

  StreamServices s_;
  std::shared_ptr<Places> places_;  ///< Of products and orders together.
};

}  // namespace

Hub::Formatters stream_formatters(const Catalogue& catalogue, const SaleClock& clock) {
  return {[&catalogue, &clock](ProductRef ref) { return stock_event(catalogue.current()->at(ref), clock.now()); },
          order_event};
}

void StatsViewers::add(EventStream viewer) {
  const std::lock_guard lock(mutex_);
  viewers_.push_back(std::move(viewer));
}

void StatsViewers::publish(const std::function<std::string()>& render) {
  {
    const std::lock_guard lock(mutex_);
    if (viewers_.empty()) return;
  }
  const EventStream::Text text = event_text("stats", render());
  const std::lock_guard lock(mutex_);
  std::erase_if(viewers_, [&text](const EventStream& viewer) { return !viewer.send(text); });
}

Routes stream_routes(StreamServices services) {
  const auto handlers = std::make_shared<const StreamHandlers>(std::move(services));
  const auto route = [&handlers](std::string path, std::string operation, Access access,
                                 void (StreamHandlers::*handle)(Exchange&) const) {
    return Route{Method::get,
                 std::move(path),
                 std::move(operation),
                 access,
                 "default",
                 Body::none,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  return {route("/api/products/{id}/events", "productEvents", Access::open, &StreamHandlers::product),
          route("/api/orders/{id}/events", "orderEvents", Access::buyer, &StreamHandlers::order),
          route("/api/admin/events", "adminEvents", Access::admin, &StreamHandlers::stats)};
}

}  // namespace scalemart
