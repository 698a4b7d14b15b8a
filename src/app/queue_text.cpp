#include "app/queue_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace scalemart {
namespace {

using boost::json::array;
using boost::json::object;

object object_in(const object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : object();
}

std::string once_a_second(double rate) {
  return fmt::format("{:.1f}", rate);
}

/// A time without its day's date and its thousandths.
std::string clock_of(const std::string& time) {
  return time.size() < 19 ? time : time.substr(0, 10) + " " + time.substr(11, 8);
}

void add_table(std::string& out, const TextTable& table) {
  for (const std::string& line : table.lines()) out += "  " + line + "\n";
}

}  // namespace

std::string grouped(double number) {
  const std::string digits = fmt::format("{:.0f}", number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-') out.push_back(',');
    out.push_back(digits[i]);
  }
  return out;
}

std::string lasting(double seconds) {
  if (seconds <= 0) return "–";
  if (seconds < 0.1) return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.0f} h", seconds / 3600);
}

double number_in(const object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

std::string text_in(const object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? as_plain_line(value->get_string()) : std::string();
}

bool is_set(const object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const array& list_in(const object& from, std::string_view name) {
  static const array kNone;
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

std::string state_of_queue(const object& overview) {
  return is_set(overview, "away") ? "away" : is_set(overview, "paused") ? "paused" : "running";
}

std::string queue_in_a_line(const object& overview) {
  const double depth = number_in(overview, "depth");
  const double oldest = number_in(overview, "oldest_age_seconds");
  const auto* drain = overview.if_contains("drain_seconds");
  std::string line = grouped(depth) + (depth == 1 ? " order in it" : " orders in it");
  if (oldest > 0) line += ", the oldest waits for " + lasting(oldest);
  if (depth > 0)
    line += drain == nullptr || !drain->is_number() ? "; none leaves it"
                                                    : "; empty in " + lasting(drain->to_number<double>());
  return line;
}

std::string state_of_worker(const object& worker, bool paused) {
  if (is_set(worker, "draining")) return "leaving";
  for (const auto& [step, state] : object_in(worker, "breakers"))
    if (state.is_string() && state.get_string() != "closed")
      return std::string(step) + (state.get_string() == "open" ? " failing" : " on trial");
  if (number_in(worker, "in_flight") + number_in(worker, "papers_in_flight") > 0) return "working";
  return paused ? "paused" : "idle";
}

std::string concurrency_of(const object& worker) {
  const double least = number_in(worker, "concurrency_min");
  const double most = number_in(worker, "concurrency_max");
  const std::string now = fmt::format("{:.0f}", number_in(worker, "concurrency"));
  return least == most ? now : now + fmt::format(" ({:.0f}..{:.0f})", least, most);
}

TextTable stages_table(const object& overview) {
  TextTable table{{"STAGE", ">DEPTH", ">WAITING", ">TO RETRY", ">IN HAND", ">OLDEST", ">A SECOND", ">FINISHED"}, {}};
  for (const auto& one : list_in(overview, "stages")) {
    if (!one.is_object()) continue;
    const object& stage = one.get_object();
    table.rows.push_back({text_in(stage, "stage"), grouped(number_in(stage, "depth")),
                          grouped(number_in(stage, "waiting")), grouped(number_in(stage, "delayed")),
                          grouped(number_in(stage, "in_flight")), lasting(number_in(stage, "oldest_age_seconds")),
                          once_a_second(number_in(stage, "per_second")), grouped(number_in(stage, "finished"))});
  }
  return table;
}

TextTable workers_table(const object& overview) {
  TextTable table{
      {"WORKER", "STATE", ">IN HAND", ">AT ONCE", ">CONFIRMED", ">DECLINED", ">RETRIES", ">PARKED", "LAST ERROR"}, {}};
  for (const auto& one : list_in(overview, "workers")) {
    if (!one.is_object()) continue;
    const object& worker = one.get_object();
    const double papers = number_in(worker, "papers_in_flight");
    const std::string hand = grouped(number_in(worker, "in_flight"));
    std::string error = text_in(worker, "last_error");
    if (const std::string at = text_in(worker, "last_error_at"); at.size() >= 19)
      error = at.substr(11, 8) + " " + error;
    table.rows.push_back({text_in(worker, "id"), state_of_worker(worker, is_set(overview, "paused")),
                          papers > 0 ? fmt::format("{}+{}", hand, grouped(papers)) : hand, concurrency_of(worker),
                          grouped(number_in(worker, "confirmed")), grouped(number_in(worker, "declined")),
                          grouped(number_in(worker, "retries")), grouped(number_in(worker, "parked")), error});
  }
  return table;
}

TextTable letters_table(const array& letters) {
  TextTable table{{"ORDER", "PRODUCT", "STEP", ">TRIES", "SINCE", "REASON"}, {}};
  for (const auto& one : letters) {
    if (!one.is_object()) continue;
    const object& letter = one.get_object();
    table.rows.push_back({text_in(letter, "order_id"), text_in(letter, "product_id"), text_in(letter, "step"),
                          grouped(number_in(letter, "attempts")), clock_of(text_in(letter, "since")),
                          text_in(letter, "reason")});
  }
  return table;
}

std::string describe_queue(const object& overview, const object& found) {
  std::string out = "queue " + state_of_queue(overview) + ": " + queue_in_a_line(overview) + "\n\n";
  if (is_set(overview, "away")) out += "the queue cannot be reached: this was seen last\n\n";
  add_table(out, stages_table(overview));
  const TextTable workers = workers_table(overview);
  out += "\n";
  if (workers.rows.empty())
    out += "no workers: orders wait until one comes\n";
  else
    add_table(out, workers);
  const array& letters = list_in(found, "letters");
  const double left = number_in(found, "remaining");
  const double all = number_in(overview, "dead_letters");
  out += "\ndead letters: " + grouped(all);
  const auto shown = static_cast<double>(letters.size());
  if (shown + left != all) out += ", " + grouped(shown + left) + " as asked for";
  if (left > 0) out += ", " + grouped(shown) + " shown";
  out += "\n";
  if (!letters.empty()) add_table(out, letters_table(letters));
  return out;
}

namespace {

std::string describe_place(const object& place) {
  const std::string where = text_in(place, "where");
  const std::string step = text_in(place, "step");
  if (where == "waiting") return "waits for a worker, for " + step;
  if (where == "delayed") return "waits for its next try at " + step + ", " + clock_of(text_in(place, "next_try"));
  if (where == "leased") {
    const std::string worker = text_in(place, "worker");
    return step + " at " + (worker.empty() ? "a worker that is gone" : worker);
  }
  if (where == "dead_letter") return "dead letter since " + clock_of(text_in(place, "since")) + ", at " + step;
  return where == "unknown" ? "in the queue; where, the shared queue does not tell" : "not in the queue";
}

}  // namespace

std::string describe_order(const object& shown) {
  const object order = object_in(shown, "order");
  const object place = object_in(shown, "place");
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) out += padded(name, 10) + value + "\n";
  };
  line("order", text_in(order, "id"));
  line("product", text_in(order, "product_id") + fmt::format(" x {:.0f}", number_in(order, "quantity")));
  const std::string why = text_in(order, "status_reason");
  line("status", text_in(order, "status") + (why.empty() ? "" : " (" + why + ")"));
  line("queue", describe_place(place));
  if (place.contains("attempts")) line("attempts", grouped(number_in(place, "attempts")) + " of this step failed");
  line("reason", text_in(place, "reason"));
  out += "\n";
  TextTable history{{"AT", "STATUS"}, {}};
  for (const auto& one : list_in(order, "history"))
    if (one.is_object())
      history.rows.push_back({clock_of(text_in(one.get_object(), "at")), text_in(one.get_object(), "status")});
  add_table(out, history);
  TextTable steps{{"ENDED", "STEP", "RESULT", ">ATTEMPT", ">TOOK", "DETAIL"}, {}};
  for (const auto& one : list_in(shown, "steps")) {
    if (!one.is_object()) continue;
    const object& step = one.get_object();
    steps.rows.push_back({clock_of(text_in(step, "at")), text_in(step, "step"), text_in(step, "result"),
                          grouped(number_in(step, "attempts")), lasting(std::max(number_in(step, "seconds"), 0.0001)),
                          text_in(step, "detail")});
  }
  if (!steps.rows.empty()) {
    out += "\n";
    add_table(out, steps);
  }
  return out;
}

}  // namespace scalemart
