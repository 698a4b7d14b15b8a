#include "app/queue_watch.hpp"

#include <future>
#include <ostream>

#include "app/queue_screen.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr std::int64_t kLettersShown = 100;

/// Purpose: looks, and keeps what was seen.
class Looker {
 public:
  Looker(CommandContext& context, QueueOperations& queue, std::string address) : context_(context), queue_(queue) {
    screen_.address = std::move(address);
  }

  /// Why not, when it failed.
  std::optional<Refusal> look() {
    screen_.seen = context_.clock.wall();
    auto overview = queue_.overview(!was_seen_);
    if (!overview) return failed(overview.error());
    screen_.overview = std::move(*overview);
    screen_.fault.clear();
    take_course();
    screen_.letters = {};
    if (number_in(screen_.overview, "dead_letters") > 0)
      if (auto letters = queue_.dead_letters({{"limit", kLettersShown}})) screen_.letters = std::move(*letters);
    was_seen_ = true;
    return std::nullopt;
  }

  QueueOperations& queue() { return queue_; }
  QueueScreen& screen() { return screen_; }

 private:
  std::optional<Refusal> failed(const Refusal& why) {
    screen_.fault = why.message;
    screen_.confirmed.add(std::nullopt);
    screen_.depth.add(std::nullopt);
    return why;
  }

  void take_course() {
    const auto* past = screen_.overview.if_contains("history");
    if (past != nullptr && past->is_object()) {
      add_all(screen_.confirmed, list_in(past->get_object(), "confirmed"));
      add_all(screen_.depth, list_in(past->get_object(), "depth"));
    }
    screen_.depth.add(number_in(screen_.overview, "depth"));
    // What was confirmed since the last look, when the count went on.
    double finished = 0;
    for (const auto& stage : list_in(screen_.overview, "stages"))
      if (stage.is_object() && text_in(stage.get_object(), "stage") == "confirm")
        finished = number_in(stage.get_object(), "finished");
    const SteadyTime now = context_.clock.steady();
    const double seconds = std::chrono::duration<double>(now - looked_).count();
    if (was_seen_ && finished >= finished_ && seconds > 0) screen_.confirmed.add((finished - finished_) / seconds);
    finished_ = finished;
    looked_ = now;
  }

  static void add_all(Course& course, const json::array& values) {
    for (const auto& value : values)
      course.add(value.is_number() ? std::optional(value.to_number<double>()) : std::nullopt);
  }

  CommandContext& context_;
  QueueOperations& queue_;
  QueueScreen screen_;
  bool was_seen_ = false;
  double finished_ = 0;
  SteadyTime looked_{};
};

/// Purpose: what keys do.
class Keys {
 public:
  explicit Keys(Looker& looker) : looker_(looker) {}

  /// False: the end.
  bool pressed(char key) {
    if (key == 'q' || key == 'Q' || key == Terminal::kStop) return false;
    if (asked_) {
      asked_ = false;
      say(key == 'y' || key == 'Y' ? retry_all() : "Nothing was done.");
    } else if (key == 'p' || key == 'P') {
      say(turn());
    } else if (key == 'r' || key == 'R') {
      ask();
    } else {
      say("");
    }
    return true;
  }
  [[nodiscard]] bool is_asking() const { return asked_; }

 private:
  void say(std::string text) { looker_.screen().notice = std::move(text); }

  std::string turn() {
    const bool paused = !is_set(looker_.screen().overview, "paused");
    const auto done = looker_.queue().set_queue_paused(paused);
    if (!done) return done.error().message;
    looker_.screen().overview["paused"] = paused;
    return paused ? "Paused: workers finish what they have." : "Resumed.";
  }

  void ask() {
    const double dead = number_in(looker_.screen().overview, "dead_letters");
    if (dead == 0) return say("There are no dead letters.");
    asked_ = true;
    say("Retry " + grouped(dead) + (dead == 1 ? " dead letter" : " dead letters") + "? y/n");
  }

  std::string retry_all() {
    const auto done = looker_.queue().settle_dead(true, {{"all", true}});
    if (!done) return done.error().message;
    const double failed = number_in(*done, "failed");
    return grouped(number_in(*done, "done")) + " will be tried again" +
           (failed > 0 ? ", " + grouped(failed) + " could not be told" : "") + ".";
  }

  Looker& looker_;
  bool asked_ = false;
};

void draw_until_told(CommandContext& context, Looker& looker, const WatchOptions& options) {
  Terminal terminal;
  Keys keys(looker);
  SteadyTime next = context.clock.steady() + options.every;
  SteadyTime notice_ends{};
  for (std::uint64_t looks = 1;;) {
    terminal.draw(compose(looker.screen(), terminal.size()));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - context.clock.steady());
    if (const auto key = terminal.key(std::max(left, 0ms))) {
      if (*key == Terminal::kResized) continue;
      if (!keys.pressed(*key)) return;
      notice_ends = context.clock.steady() + 4s;
      continue;
    }
    if (context.clock.steady() < next) continue;
    if (looks++ == options.count) return;
    static_cast<void>(looker.look());
    next = context.clock.steady() + options.every;
    if (!keys.is_asking() && context.clock.steady() >= notice_ends) looker.screen().notice.clear();
  }
}

int write_lines(CommandContext& context, Looker& looker, const WatchOptions& options) {
  std::promise<void> never;
  const std::future<void> pause = never.get_future();
  for (std::uint64_t looks = 1;; ++looks) {
    QueueScreen& screen = looker.screen();
    if (context.json && screen.fault.empty()) {
      screen.overview["letters"] = list_in(screen.letters, "letters");
      context.print(screen.overview);
    } else {
      (context.json ? context.err : context.out) << in_a_line(screen) << std::endl;
    }
    if (!context.out || looks == options.count) return kDone;
    pause.wait_for(options.every);
    static_cast<void>(looker.look());
  }
}

}  // namespace

int watch_queue(CommandContext& context, const WatchOptions& options) {
  if (options.every < 100ms || options.every > 1h) return context.fail(kWrongUsage, "--every: allowed is 100ms to 1h");
  const auto config = context.config();
  if (!config) return kCannotRun;
  const auto operations = context.operations(true);
  if (!operations) return kCannotRun;
  Looker looker(context, operations->queue(), config->is_shared() ? "shared shop" : config->data.string());
  if (const auto why = looker.look()) return context.refuse(*why);
  if (context.json || !Terminal::is_there()) return write_lines(context, looker, options);
  draw_until_told(context, looker, options);
  return kDone;
}

}  // namespace scalemart
