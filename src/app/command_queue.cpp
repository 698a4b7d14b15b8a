// scalemart queue list|show|retry|discard|pause|resume|concurrency|watch

#include <unistd.h>

#include <boost/json/array.hpp>
#include <iostream>
#include <ostream>

#include "app/command.hpp"
#include "app/queue_text.hpp"
#include "app/queue_watch.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

/// Which dead letters.
struct Filter {
  std::string step, product, reason;

  void declare(CommandSpec& spec) {
    spec.text("--step", step, "Of this step: payment, confirm, invoice or mail");
    spec.text("--product", product, "Of this product");
    spec.text("--reason", reason, "Whose reason has this in it");
  }
  [[nodiscard]] bool is_empty() const { return step.empty() && product.empty() && reason.empty(); }
  [[nodiscard]] json::object as_json() const {
    json::object out;
    for (const auto& [name, value] :
         {std::pair("step", &step), std::pair("product_id", &product), std::pair("reason", &reason)})
      if (!value->empty()) out[name] = *value;
    return out;
  }
};

struct Listing {
  Filter filter;
  std::uint64_t limit = 20;
};

int list(CommandContext& context, const Listing& asked) {
  const auto operations = context.operations(true);
  if (!operations) return kCannotRun;
  json::object filter = asked.filter.as_json();
  filter["limit"] = static_cast<std::int64_t>(asked.limit);
  auto letters = operations->queue().dead_letters(filter);
  if (!letters) return context.refuse(letters.error());
  auto overview = operations->queue().overview(false);
  if (!overview) return context.refuse(overview.error());
  if (context.json) {
    (*overview)["letters"] = list_in(*letters, "letters");
    (*overview)["letters_remaining"] = letters->at("remaining");
    context.print(*overview);
  } else {
    context.out << describe_queue(*overview, *letters);
  }
  return kDone;
}

int show(CommandContext& context, const std::string& order) {
  const auto operations = context.operations(true);
  if (!operations) return kCannotRun;
  const auto shown = operations->queue().order(order);
  if (!shown) return context.refuse(shown.error());
  if (context.json)
    context.print(*shown);
  else
    context.out << describe_order(*shown);
  return kDone;
}

// --- dead letters

struct Settling {
  bool retry = true;
  std::vector<std::string> orders;
  Filter filter;
  bool all = false;
  bool yes = false;
};

/// How many dead letters match; or why that is not known.
Done<double> count_matching(QueueOperations& queue, const Filter& asked) {
  json::object filter = asked.as_json();
  filter["limit"] = 1;
  const auto found = queue.dead_letters(filter);
  if (!found) return found.error();
  return static_cast<double>(list_in(*found, "letters").size()) + number_in(*found, "remaining");
}

/// At a terminal whoever asks for much, or for what cannot be taken back, may say no. Who cannot be asked must have
/// said yes to all of them before.
std::optional<int> ask_back(CommandContext& context, const Settling& asked, Operations& operations) {
  const bool is_little = !asked.all && asked.retry && asked.orders.size() == 1;
  if (asked.yes || is_little) return std::nullopt;
  if (isatty(STDIN_FILENO) == 0) {
    if (!asked.all) return std::nullopt;
    return context.fail(kWrongUsage, "--all: there is no terminal to ask at; say --yes if you mean it");
  }
  auto count = static_cast<double>(asked.orders.size());
  if (asked.all) {
    const auto matching = count_matching(operations.queue(), asked.filter);
    if (!matching) return context.refuse(matching.error());
    count = *matching;
  }
  if (count == 0) return std::nullopt;
  context.err << (asked.retry ? "Retry " : "Discard ") << grouped(count)
              << (count == 1 ? " dead letter" : " dead letters") << "? [y/N] " << std::flush;
  std::string line;
  std::getline(std::cin, line);
  if (line == "y" || line == "Y" || line == "yes") return std::nullopt;
  return context.fail(kAnswerIsNo, "nothing was done");
}

/// Settles a portion at a time, as long as it gets anywhere.
Done<json::object> settle_all(QueueOperations& queue, const Settling& asked) {
  json::object choice = asked.filter.as_json();
  choice["all"] = true;
  json::object total{{"results", json::array()}, {"done", 0}, {"failed", 0}, {"remaining", 0}};
  for (bool more = true; more;) {
    const auto portion = queue.settle_dead(asked.retry, choice);
    if (!portion) return portion.error();
    for (const char* name : {"done", "failed"})
      total[name] = static_cast<std::int64_t>(number_in(total, name) + number_in(*portion, name));
    for (const auto& result : list_in(*portion, "results")) total["results"].as_array().push_back(result);
    total["remaining"] = portion->at("remaining");
    more = number_in(*portion, "remaining") > 0 && number_in(*portion, "failed") == 0;
  }
  return total;
}

int settle(CommandContext& context, const Settling& asked) {
  if (asked.all != asked.orders.empty()) return context.fail(kWrongUsage, "say which orders, or --all");
  if (!asked.all && !asked.filter.is_empty())
    return context.fail(kWrongUsage, "--step, --product and --reason go with --all");
  const auto operations = context.operations(true);
  if (!operations) return kCannotRun;
  if (const auto stop = ask_back(context, asked, *operations)) return *stop;
  QueueOperations& queue = operations->queue();
  const auto done =
      asked.all
          ? settle_all(queue, asked)
          : queue.settle_dead(asked.retry, {{"order_ids", json::array(asked.orders.begin(), asked.orders.end())}});
  if (!done) return context.refuse(done.error());
  const double failed = number_in(*done, "failed");
  if (context.json) {
    context.print(*done);
  } else {
    context.out << (asked.retry ? "to be tried again: " : "discarded: ") << grouped(number_in(*done, "done"))
                << (failed > 0 ? ", failed: " + grouped(failed) : "") << '\n';
    for (const auto& one : list_in(*done, "results")) {
      const auto& result = one.as_object();
      if (text_in(result, "outcome") != "done")
        context.err << text_in(result, "order_id") << ": " << text_in(result, "detail") << '\n';
    }
  }
  return failed > 0 ? kAnswerIsNo : kDone;
}

// --- steering

int pause(CommandContext& context, bool paused) {
  const auto operations = context.operations(true);
  if (!operations) return kCannotRun;
  const auto done = operations->queue().set_queue_paused(paused);
  if (!done) return context.refuse(done.error());
  if (context.json)
    context.print(*done);
  else
    context.out << (paused ? "paused: workers finish what they have and take nothing new\n" : "resumed\n");
  return kDone;
}

struct Steering {
  std::string worker, concurrency;
};

int steer(CommandContext& context, const Steering& asked) {
  const auto wanted = parse_concurrency(asked.concurrency);
  if (!wanted)
    return context.fail(kWrongUsage, "concurrency: \"" + as_plain_line(asked.concurrency) +
                                         "\" is not allowed; allowed is 1 to 100000, or bounds such as 10..2000");
  const auto operations = context.operations(true);
  if (!operations) return kCannotRun;
  const auto done = operations->queue().set_concurrency(asked.worker, *wanted);
  if (!done) return context.refuse(done.error());
  if (context.json)
    context.print(*done);
  else
    context.out << asked.worker << ": " << to_text(*wanted) << " at once\n";
  return kDone;
}

void declare_settling(CommandSpec& spec, bool retry) {
  auto asked = std::make_shared<Settling>();
  asked->retry = retry;
  auto sub = spec.sub(retry ? "retry" : "discard",
                      retry ? "Try dead letters again from their step on"
                            : "Give dead letters up: unpaid orders fail and their units come back");
  sub.texts("order", asked->orders, "Order ids");
  sub.flag("--all", asked->all, "All of them, or all that the filters let through");
  asked->filter.declare(sub);
  sub.flag("--yes", asked->yes, "Do not ask back; without a terminal --all needs it");
  sub.run([asked](CommandContext& context) { return settle(context, *asked); });
}

void declare_watch(CommandSpec& spec) {
  auto asked = std::make_shared<WatchOptions>();
  auto sub = spec.sub("watch", "Live view: q quits, p pauses and resumes, r retries the dead letters");
  sub.duration("--every", asked->every, "From one look to the next [1s]");
  sub.number("--count", asked->count, "End after so many looks; 0: never [0]", 0, 1'000'000'000);
  sub.footer(
      "Without a terminal, with --json too, it writes a line for each look.\nNO_COLOR and TERM=dumb are heeded.");
  sub.run([asked](CommandContext& context) { return watch_queue(context, *asked); });
}

}  // namespace

void declare_queue(CommandSpec spec) {
  auto listing = std::make_shared<Listing>();
  auto sub = spec.sub("list", "Depth by stage, workers, dead letters");
  listing->filter.declare(sub);
  sub.number("--limit", listing->limit, "Dead letters shown at most [20]", 1, 1000);
  sub.run([listing](CommandContext& context) { return list(context, *listing); });

  auto order = std::make_shared<std::string>();
  auto one = spec.sub("show", "Where one order is, what was tried, and what comes next");
  one.text("order", *order, "Order id", true);
  one.run([order](CommandContext& context) { return show(context, *order); });

  declare_settling(spec, true);
  declare_settling(spec, false);
  spec.sub("pause", "Hand out no more orders, to no worker").run([](CommandContext& c) { return pause(c, true); });
  spec.sub("resume", "Hand out orders again").run([](CommandContext& c) { return pause(c, false); });

  auto steering = std::make_shared<Steering>();
  auto sub_steer = spec.sub("concurrency", "How many orders a worker has in hand at a time");
  sub_steer.text("worker", steering->worker, "Worker, as `queue list` names it", true);
  sub_steer.text("concurrency", steering->concurrency, "N, or MIN..MAX: it finds its own number", true);
  sub_steer.run([steering](CommandContext& context) { return steer(context, *steering); });
  declare_watch(spec);
}

}  // namespace scalemart
