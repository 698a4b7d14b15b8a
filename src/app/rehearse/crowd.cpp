#include "app/rehearse/crowd.hpp"

#include <algorithm>

#include "domain/time_text.hpp"

namespace scalemart::rehearse {
namespace {

using namespace std::chrono_literals;

std::string_view failure_text(Failure why) {
  switch (why) {
    case Failure::timeout:
      return "timeout";
    case Failure::connection:
      return "connection";
    case Failure::nonsense:
      return "nonsense";
    case Failure::not_sent:
      return "not_sent";
  }
  return "unknown";
}

std::uint64_t visits_in(const Options& options, unsigned share, unsigned shares) {
  const auto all = static_cast<std::uint64_t>(options.rate * std::chrono::duration<double>(options.duration).count());
  return all / shares + (share < all % shares ? 1 : 0);
}

bool is_end(std::string_view status) {
  return status == "confirmed" || status == "failed" || status == "expired" || status == "cancelled" ||
         status == "refunded";
}

}  // namespace

Crowd::Crowd(const Options& options, Address address, unsigned share, unsigned shares, const Clock& clock)
    : options_(options),
      share_(share),
      shares_(shares),
      clock_(clock),
      random_(options.seed * 1000 + share),
      client_(address, std::max(1U, options.connections / shares), options.timeout, clock, *this),
      bots_(bot_accounts(options)),
      next_shopper_(share) {}

void Crowd::run(const std::atomic<bool>& stop) {
  client_.connect_all();
  start_ = last_answer_ = clock_.steady();
  const std::uint64_t wanted = visits_in(options_, share_, shares_);
  const SteadyTime end = start_ + options_.duration + options_.patience;
  for (;;) {
    const SteadyTime now = clock_.steady();
    const bool all_begun = begun_ >= wanted || stop.load(std::memory_order_relaxed);
    const bool all_ended = client_.in_flight() == 0 && later_.empty();
    if (all_begun && (all_ended || now >= end || stop.load(std::memory_order_relaxed))) break;
    if (!all_begun) begin_due(now);
    while (!later_.empty() && later_.top().at <= now) {
      const Later due = later_.top();
      later_.pop();
      send(due.visit, due.at);
    }
    SteadyTime wake = now + 100ms;
    if (!all_begun && begun_ < wanted) {
      wake = std::min(wake, start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                         static_cast<double>(begun_) * shares_ / options_.rate * 1e9)));
    }
    if (!later_.empty()) wake = std::min(wake, later_.top().at);
    client_.turn(wake);
    progress_.open_orders.store(followed_, std::memory_order_relaxed);
  }
  give_up_open_visits();
}

void Crowd::begin_due(SteadyTime now) {
  // Visit i is due at start + i / rate; several threads take turns.
  const auto elapsed = std::chrono::duration<double>(now - start_).count();
  const auto due_count =
      std::min(visits_in(options_, share_, shares_), static_cast<std::uint64_t>(elapsed * options_.rate / shares_) + 1);
  for (int burst = 0; begun_ < due_count && burst < 256; ++burst) {
    const auto offset = static_cast<double>(begun_) * shares_ / options_.rate;
    ++begun_;
    begin_visit(start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(offset * 1e9)), now);
  }
}

void Crowd::begin_visit(SteadyTime due, SteadyTime now) {
  std::uint32_t id = 0;
  if (free_.empty()) {
    id = static_cast<std::uint32_t>(visits_.size());
    visits_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
    visits_[id] = Visit{};
  }
  Visit& visit = visits_[id];
  const auto dice = random_.below(100);
  visit.kind = dice < options_.mix.shoppers                             ? Kind::shopper
               : dice < options_.mix.shoppers + options_.mix.refreshers ? Kind::refresher
                                                                        : Kind::bot;
  if (visit.kind == Kind::bot) visit.token = static_cast<std::uint32_t>(random_.below(bots_));
  if (visit.kind == Kind::shopper) {
    const std::size_t shoppers = options_.tokens.size() - bots_;
    visit.token = static_cast<std::uint32_t>(bots_ + next_shopper_ % shoppers);
    next_shopper_ += shares_;
  }
  visit.key = random_.next();
  ++tally_.visits;
  progress_.visits.fetch_add(1, std::memory_order_relaxed);
  tally_.of(Measure::lateness).record(now - due);
  send(id, due);
}

// Writes the request of the visit's phase. One buffer is used for all.
void Crowd::send(std::uint32_t id, SteadyTime due) {
  Visit& visit = visits_[id];
  visit.due = due;
  std::string& r = request_;
  r.clear();
  const std::string key = "rehearse-" + std::to_string(options_.seed) + "-" + std::to_string(visit.key);
  if (visit.kind == Kind::refresher) {
    r.append("GET /api/products/").append(options_.product).append(" HTTP/1.1\r\n");
  } else if (visit.phase == Phase::begin) {
    r.append("POST /api/flash-buy HTTP/1.1\r\n");
  } else if (visit.phase == Phase::follow) {
    r.append("GET /api/orders/").append(visit.order).append(" HTTP/1.1\r\n");
  } else {
    r.append("GET /api/orders/by-key/").append(key).append(" HTTP/1.1\r\n");
  }
  r.append("Host: ").append(options_.target.authority()).append("\r\n");
  if (visit.kind != Kind::refresher) {
    r.append("Authorization: Bearer ").append(options_.tokens[visit.token]).append("\r\n");
  }
  if (visit.kind != Kind::refresher && visit.phase == Phase::begin) {
    const std::string body = "{\"product_id\":\"" + options_.product + "\",\"quantity\":1}";
    r.append("Content-Type: application/json\r\nIdempotency-Key: ").append(key);
    r.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  } else {
    r.append("\r\n");
  }
  client_.submit(id, r);
}

Second& Crowd::second_at(SteadyTime time) {
  const auto at = static_cast<std::size_t>(std::max(0.0, std::chrono::duration<double>(time - start_).count()));
  if (tally_.seconds.size() <= at) tally_.seconds.resize(at + 1);
  return tally_.seconds[at];
}

void Crowd::buy_took(const Visit& visit, SteadyTime now) {
  tally_.of(visit.kind == Kind::bot ? Measure::bot_buy : Measure::shopper_buy).record(now - visit.due);
  Second& second = second_at(now);
  if (tally_.seconds.size() <= kBuySecondsMax) second.record_buy(now - visit.due);
}

void Crowd::answered(std::uint32_t id, const HttpAnswer& answer) {
  const Visit& visit = visits_[id];
  const SteadyTime now = clock_.steady();
  if (visit.phase == Phase::begin) last_answer_ = now;
  if (visit.kind == Kind::refresher) {
    tally_.of(Measure::refresh).record(now - visit.due);
    ++second().other;
    if (answer.status != 200) ++tally_.errors["refresh_" + std::to_string(answer.status)];
    return end(id);
  }
  switch (visit.phase) {
    case Phase::begin:
      buy_took(visit, now);
      return buy_answered(id, answer);
    case Phase::follow:
      tally_.of(Measure::order_status).record(now - visit.due);
      ++second().other;
      return follow_answered(id, answer);
    case Phase::resolve:
      return resolve_answered(id, answer);
  }
}

void Crowd::buy_answered(std::uint32_t id, const HttpAnswer& answer) {
  Visit& visit = visits_[id];
  if (answer.status == 200) {
    if (answer.replayed) ++tally_.replayed;
    return accept(id, json_text_field(answer.body, "order_id"));
  }
  const std::string code(json_text_field(answer.body, "code"));
  // The server does not know, or a proxy lost the server in the middle.
  const bool lost = answer.status == 502 || answer.status == 504;
  if (lost || code == "outcome_unknown") visit.in_doubt = true;
  if ((lost || answer.status == 503) && visit.kind == Kind::shopper) {
    count_refusal(code.empty() ? "status_" + std::to_string(answer.status) : code);
    return retry_or_give_up(id, options_.second * std::clamp(answer.retry_after_s, 1U, 30U));
  }
  refuse(id, answer);
}

void Crowd::count_refusal(const std::string& code) {
  Second& now = second();
  ++now.refused;
  ++now.refused_by[code];
  ++tally_.refused[code];
  progress_.refused.fetch_add(1, std::memory_order_relaxed);
}

void Crowd::refuse(std::uint32_t id, const HttpAnswer& answer) {
  const std::string code(json_text_field(answer.body, "code"));
  if (code.empty() || answer.status >= 500 || answer.status == 401) {
    ++tally_.errors[code.empty() ? "status_" + std::to_string(answer.status) : code];
    ++second().errors;
    progress_.errors.fetch_add(1, std::memory_order_relaxed);
  } else {
    count_refusal(code);
  }
  // A refusal says that this buy made no order, with one exception: whoever is limited or turned away in
  // doubt may still have the order of the attempt that got no answer.
  if (visits_[id].in_doubt) {
    visits_[id].phase = Phase::resolve;
    return schedule(id, options_.second / 2);
  }
  end(id);
}

void Crowd::accept(std::uint32_t id, std::string_view order) {
  Visit& visit = visits_[id];
  if (order.empty()) {
    ++tally_.errors["nonsense"];
    ++tally_.unknown;
    return end(id);
  }
  if (!visit.order.empty() && visit.order != order) ++tally_.duplicate_orders;
  visit.order = order;
  visit.accepted_at = clock_.steady();
  ++tally_.accepted;
  ++second().accepted;
  progress_.accepted.fetch_add(1, std::memory_order_relaxed);
  if (!options_.follow || followed_ >= kFollowedMax) {
    ++tally_.unfollowed;
    return end(id);
  }
  ++followed_;
  visit.phase = Phase::follow;
  follow_again(id);
}

void Crowd::retry_or_give_up(std::uint32_t id, std::chrono::milliseconds wait) {
  Visit& visit = visits_[id];
  if (++visit.attempts < kAttemptsMax) {
    ++tally_.retries;
    const auto jitter = std::chrono::milliseconds(random_.below(static_cast<std::uint64_t>(wait.count()) / 2 + 1));
    return schedule(id, wait + jitter);
  }
  if (!visit.in_doubt) return end(id);
  visit.phase = Phase::resolve;
  schedule(id, options_.second);
}

// After 1 s, then every 2 s: a payment takes about that long.
void Crowd::follow_again(std::uint32_t id) {
  Visit& visit = visits_[id];
  const auto wait = options_.second * (visit.polls == 0 ? 1 : 2);
  if (visit.polls < 255) ++visit.polls;
  schedule(id, wait + options_.second * random_.below(1000) / 2000);
}

namespace {

/// By the order's own times; `polled`, which is how long we took to notice, when it does not tell them.
std::chrono::nanoseconds time_to_confirm(std::string_view order, std::chrono::nanoseconds polled) {
  const auto created = parse_rfc3339(json_text_field(order, "created_at"));
  const auto confirmed = parse_rfc3339(json_text_field(order, "confirmed_at"));
  if (!created || !confirmed) return polled;
  return std::chrono::milliseconds(confirmed->ms - created->ms);
}

}  // namespace

void Crowd::follow_answered(std::uint32_t id, const HttpAnswer& answer) {
  const auto status = json_text_field(answer.body, "status");
  // The envelope has a "status" of its own, always first: the order's is the second.
  const auto data = answer.body.find("\"data\"");
  const auto order_status =
      data == std::string::npos ? status : json_text_field(std::string_view(answer.body).substr(data), "status");
  if (answer.status == 200 && is_end(order_status)) {
    ++tally_.order_end[std::string(order_status)];
    if (order_status == "confirmed") {
      const SteadyTime now = clock_.steady();
      const SteadyTime accepted = visits_[id].accepted_at;
      const auto took = time_to_confirm(answer.body, now - accepted);
      tally_.of(Measure::confirmation).record(took);
      ++second_at(std::min(now, accepted + took)).confirmed;
    }
    --followed_;
    return end(id);
  }
  if (answer.status == 404) {  // a yes without an order: the worst answer there is
    ++tally_.errors["accepted_order_not_found"];
    ++second().errors;
    --followed_;
    ++tally_.unfollowed;
    return end(id);
  }
  follow_again(id);
}

void Crowd::resolve_answered(std::uint32_t id, const HttpAnswer& answer) {
  Visit& visit = visits_[id];
  if (answer.status == 404) return end(id);  // nothing was taken
  if (answer.status == 200) {
    const auto data = answer.body.find("\"data\"");
    ++tally_.resolved;
    return accept(id,
                  json_text_field(std::string_view(answer.body).substr(data == std::string::npos ? 0 : data), "id"));
  }
  if (++visit.polls < 10) return schedule(id, options_.second * 2);
  ++tally_.unknown;
  end(id);
}

void Crowd::failed(std::uint32_t id, Failure why) {
  Visit& visit = visits_[id];
  ++tally_.errors[std::string(failure_text(why))];
  ++second().errors;
  progress_.errors.fetch_add(1, std::memory_order_relaxed);
  if (visit.kind == Kind::refresher) return end(id);
  if (visit.phase == Phase::follow) return follow_again(id);
  if (visit.phase == Phase::resolve) {
    if (++visit.polls < 10) return schedule(id, options_.second * 2);
    ++tally_.unknown;
    return end(id);
  }
  const SteadyTime now = clock_.steady();
  buy_took(visit, now);
  if (why != Failure::not_sent) visit.in_doubt = true;
  if (visit.kind == Kind::shopper) return retry_or_give_up(id, options_.second);
  if (!visit.in_doubt) return end(id);
  visit.phase = Phase::resolve;
  schedule(id, options_.second);
}

void Crowd::schedule(std::uint32_t id, std::chrono::nanoseconds after) {
  later_.push({clock_.steady() + after, id});
}

void Crowd::end(std::uint32_t id) {
  visits_[id].order.clear();
  visits_[id].phase = Phase::begin;
  visits_[id].in_doubt = false;
  free_.push_back(id);
}

void Crowd::give_up_open_visits() {
  std::vector<bool> is_free(visits_.size(), false);
  for (const std::uint32_t id : free_) is_free[id] = true;
  for (std::size_t id = 0; id < visits_.size(); ++id) {
    const Visit& visit = visits_[id];
    if (is_free[id] || visit.kind == Kind::refresher) continue;
    if (visit.phase == Phase::follow) {
      ++tally_.unfollowed;
    } else {
      ++tally_.unknown;
    }
  }
}

}  // namespace scalemart::rehearse
