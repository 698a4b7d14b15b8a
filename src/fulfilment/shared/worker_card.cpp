#include "fulfilment/shared/worker_card.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.hpp"

namespace scalemart {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

object to_json(const FinishedStep& step) {
  return {{"order", to_string(step.order)},
          {"step", to_text(step.step)},
          {"result", to_text(step.result)},
          {"attempts", step.attempts},
          {"took_us", step.took.count() / 1000},
          {"at", step.at.ms},
          {"detail", as_plain_utf8(step.detail.substr(0, kCardDetail))}};
}

object to_json(const StepCount& count) {
  return {{"total", count.total}, {"per_second", count.per_second}};
}

template <class T>
void read(const object& from, std::string_view name, T& to) {
  const value* found = from.if_contains(name);
  if (found == nullptr) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (found->is_string()) to = found->as_string();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (found->is_bool()) to = found->as_bool();
  } else {
    boost::system::error_code wrong;
    const T number = found->to_number<T>(wrong);
    if (!wrong) to = number;
  }
}

const object* object_in(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

void read(const object& from, std::string_view name, StepCount& to) {
  const object* count = object_in(from, name);
  if (count == nullptr) return;
  read(*count, "total", to.total);
  read(*count, "per_second", to.per_second);
}

std::optional<FinishedStep> parse_step_of(const value& text) {
  const object* from = text.if_object();
  if (from == nullptr) return std::nullopt;
  std::string order, step, result;
  read(*from, "order", order);
  read(*from, "step", step);
  read(*from, "result", result);
  const auto id = parse_ulid<OrderId>(order);
  const auto which = parse_step(step);
  const auto how = parse_step_result(result);
  if (!id || !which || !how) return std::nullopt;
  FinishedStep parsed;
  parsed.order = *id;
  parsed.step = *which;
  parsed.result = *how;
  std::int64_t took_us = 0;
  read(*from, "attempts", parsed.attempts);
  read(*from, "took_us", took_us);
  read(*from, "at", parsed.at.ms);
  read(*from, "detail", parsed.detail);
  parsed.took = std::chrono::microseconds(took_us);
  return parsed;
}

void read_view(const object& from, WorkerView& view) {
  read(from, "id", view.id);
  read(from, "host", view.place.host);
  read(from, "pid", view.place.pid);
  read(from, "in_server", view.place.in_server);
  read(from, "heard", view.heard.ms);
  read(from, "draining", view.draining);
  read(from, "concurrency", view.concurrency);
  view.bounds = Concurrency(view.concurrency);
  read(from, "concurrency_min", view.bounds.min);
  read(from, "concurrency_max", view.bounds.max);
  if (!view.bounds.is_valid()) view.bounds = Concurrency(view.concurrency);
  read(from, "in_flight", view.in_flight);
  read(from, "papers_in_flight", view.papers_in_flight);
  read(from, "confirmed", view.confirmed);
  read(from, "declined", view.declined);
  read(from, "retries", view.retries);
  read(from, "parked", view.parked);
  read(from, "papers_done", view.papers_done);
  read(from, "lost", view.lost);
  read(from, "last_error", view.last_error);
  view.last_error.resize(std::min(view.last_error.size(), kErrorMax));
  read(from, "last_error_at", view.last_error_at.ms);
}

}  // namespace

std::string to_json(const WorkerCard& card) {
  const WorkerView& view = card.view;
  object steps;
  for (int i = 0; i < kStepCount; ++i) {
    const auto index = static_cast<std::size_t>(i);
    object step = to_json(card.finished[index]);
    step["breaker"] = static_cast<int>(view.breakers[index]);
    steps[to_text(static_cast<Step>(i))] = std::move(step);
  }
  array recent;
  for (std::size_t i = 0; i < std::min(kCardSteps, card.recent.size()); ++i) recent.push_back(to_json(card.recent[i]));
  return boost::json::serialize(object{{"id", view.id},
                                       {"host", view.place.host},
                                       {"pid", view.place.pid},
                                       {"in_server", view.place.in_server},
                                       {"heard", view.heard.ms},
                                       {"since", card.since.ms},
                                       {"draining", view.draining},
                                       {"concurrency", view.concurrency},
                                       {"concurrency_min", view.bounds.min},
                                       {"concurrency_max", view.bounds.max},
                                       {"in_flight", view.in_flight},
                                       {"papers_in_flight", view.papers_in_flight},
                                       {"confirmed", view.confirmed},
                                       {"declined", view.declined},
                                       {"retries", view.retries},
                                       {"parked", view.parked},
                                       {"papers_done", view.papers_done},
                                       {"lost", view.lost},
                                       {"last_error", as_plain_utf8(view.last_error.substr(0, kErrorMax))},
                                       {"last_error_at", view.last_error_at.ms},
                                       {"steps", std::move(steps)},
                                       {"declines", to_json(card.declined)},
                                       {"recent", std::move(recent)}});
}

std::optional<WorkerCard> parse_worker_card(std::string_view text) {
  boost::system::error_code wrong;
  const value parsed = boost::json::parse(boost::json::string_view(text.data(), text.size()), wrong);
  const object* from = wrong ? nullptr : parsed.if_object();
  if (from == nullptr) return std::nullopt;
  WorkerCard card;
  read_view(*from, card.view);
  if (card.view.id.empty()) return std::nullopt;
  read(*from, "since", card.since.ms);
  read(*from, "declines", card.declined);
  if (const object* steps = object_in(*from, "steps")) {
    for (int i = 0; i < kStepCount; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const std::string_view name = to_text(static_cast<Step>(i));
      read(*steps, name, card.finished[index]);
      int breaker = 0;
      if (const object* step = object_in(*steps, name)) read(*step, "breaker", breaker);
      if (breaker >= 0 && breaker <= static_cast<int>(BreakerState::open))
        card.view.breakers[index] = static_cast<BreakerState>(breaker);
    }
  }
  if (const value* recent = from->if_contains("recent"); recent != nullptr && recent->is_array())
    for (const value& step : recent->as_array())
      if (auto one = parse_step_of(step); one && card.recent.size() < kCardSteps)
        card.recent.push_back(std::move(*one));
  return card;
}

}  // namespace scalemart
