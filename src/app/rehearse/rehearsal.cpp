#include "app/rehearse/rehearsal.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "app/rehearse/client.hpp"
#include "app/rehearse/crowd.hpp"

namespace scalemart::rehearse {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// One question, one answer, on a connection of its own.
class Question final : private Client::Sink {
 public:
  Question(const Options& options, Address address, const Clock& clock)
      : options_(options), clock_(clock), client_(address, 1, options.timeout, clock, *this) {}

  Result<json::object> get(const std::string& path, const std::string& token) {
    std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + options_.target.authority() + "\r\n";
    if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
    ended_ = false;
    client_.submit(0, request + "\r\n");
    while (!ended_) client_.turn(clock_.steady() + 100ms);
    const std::string what = "GET " + path + " at " + options_.target.authority();
    if (answer_.status == 0) return error(what + ": no answer");
    if (answer_.status != 200) {
      return error(fmt::format("{}: {} {}", what, answer_.status, json_text_field(answer_.body, "detail")));
    }
    boost::system::error_code fault;
    json::value parsed = json::parse(answer_.body, fault);
    const auto* data = !fault && parsed.is_object() ? parsed.as_object().if_contains("data") : nullptr;
    if (data == nullptr || !data->is_object()) return error(what + ": not an answer of ScaleMart");
    return data->as_object();
  }

 private:
  void answered(std::uint32_t, const HttpAnswer& answer) override {
    answer_ = answer;
    ended_ = true;
  }
  void failed(std::uint32_t, Failure) override {
    answer_ = {};
    answer_.status = 0;
    ended_ = true;
  }
  const Options& options_;
  const Clock& clock_;
  Client client_;
  bool ended_ = false;
  HttpAnswer answer_;
};

Result<StockView> read_stock(Question& question, const Options& options) {
  auto product = question.get("/api/products/" + options.product, "");
  if (!product) return product.error();
  const auto number = [&](const char* name) {
    const auto* value = product->if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : -1;
  };
  return StockView{number("total"), number("available"), number("held"), number("sold")};
}

// The page may be a moment behind the ledger, and the last holds may just be ending: a check that fails is
// made again for a while.
Result<void> judge(Question& question, const Clock& clock, Report& report) {
  const SteadyTime patience = clock.steady() + report.options.settle;
  for (;;) {
    auto after = read_stock(question, report.options);
    if (!after) return after.error();
    report.after = *after;
    report.checks = check_stock(report.before, report.after, report.tally);
    if (report.ok() || clock.steady() >= patience) return {};
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait_for(lock, 100ms);
  }
}

void ask_for_drift(Question& question, Report& report) {
  if (report.options.admin_token.empty()) return;
  auto stats = question.get("/api/admin/stats", report.options.admin_token);
  const auto* drift = stats ? stats->if_contains("drift") : nullptr;
  if (drift == nullptr || !drift->is_number()) {
    report.checks.push_back({"drift", false, stats ? "the server did not say" : stats.error().message});
    return;
  }
  report.drift = drift->to_number<std::int64_t>();
  report.checks.push_back({"drift", *report.drift == 0, fmt::format("the server's own count is {}", *report.drift)});
}

struct Running {
  std::vector<std::unique_ptr<Crowd>> crowds;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t ended = 0;  ///< Guarded by mutex.

  void start(const std::atomic<bool>& stop) {
    for (auto& crowd : crowds) {
      threads.emplace_back([this, &crowd, &stop] {
        prctl(PR_SET_TIMERSLACK, 1000UL);  // visits are due to the microsecond
        crowd->run(stop);
        const std::lock_guard guard(mutex);
        ++ended;
        changed.notify_all();
      });
    }
  }
  // True when all have ended.
  bool wait_a_second() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 1s, [&] { return ended == crowds.size(); });
  }
  [[nodiscard]] std::string line(double elapsed, std::uint64_t& accepted_before) const {
    std::uint64_t visits = 0, accepted = 0, refused = 0, errors = 0, open = 0;
    for (const auto& crowd : crowds) {
      const Progress& p = crowd->progress();
      visits += p.visits, accepted += p.accepted, refused += p.refused, errors += p.errors, open += p.open_orders;
    }
    const auto rate = accepted - accepted_before;
    accepted_before = accepted;
    return fmt::format("{:5.0f} s  visits {}  accepted {} (+{})  refused {}  errors {}  open orders {}", elapsed,
                       visits, accepted, rate, refused, errors, open);
  }
};

}  // namespace

Result<Report> run(const Options& options, const Clock& clock, const std::atomic<bool>& stop,
                   const OnProgress& progress) {
  auto address = resolve(options.target.host, options.target.port);
  if (!address) return address.error();
  Report report;
  report.options = options;
  Question question(options, *address, clock);
  auto before = read_stock(question, options);
  if (!before) return before.error();
  report.before = *before;

  Running running;
  for (unsigned i = 0; i < options.threads; ++i) {
    running.crowds.push_back(std::make_unique<Crowd>(report.options, *address, i, options.threads, clock));
  }
  report.begun = clock.wall();
  const SteadyTime begin = clock.steady();
  std::uint64_t accepted = 0;
  report.stock.push_back({0, *before});
  running.start(stop);
  Question watching(report.options, *address, clock);
  while (!running.wait_a_second()) {
    const double elapsed = std::chrono::duration<double>(clock.steady() - begin).count();
    if (progress) progress(running.line(elapsed, accepted));
    // For the picture only: a look that fails is left out.
    if (const auto stock = read_stock(watching, report.options)) report.stock.push_back({elapsed, *stock});
  }
  for (auto& thread : running.threads) thread.join();
  for (const auto& crowd : running.crowds) {
    report.tally.add(crowd->tally());
    report.seconds = std::max(report.seconds, crowd->seconds());
  }
  // A second connection: the server may have closed the first meanwhile.
  Question afterwards(report.options, *address, clock);
  if (auto judged = judge(afterwards, clock, report); !judged) {
    report.checks.push_back({"stock_after", false, judged.error().message});
  }
  ask_for_drift(afterwards, report);
  report.stock.push_back({std::chrono::duration<double>(clock.steady() - begin).count(), report.after});
  return report;
}

}  // namespace scalemart::rehearse
