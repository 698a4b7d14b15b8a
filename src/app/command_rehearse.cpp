// scalemart rehearse URL

#include <sys/resource.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "app/command.hpp"
#include "app/rehearse/rehearsal.hpp"
#include "app/rehearse/report_page.hpp"

namespace scalemart {
namespace {

struct Given {
  std::string url, tokens, product, mix = "shoppers=70,refreshers=25,bots=5", json_file, html_file, admin_token_file;
  std::uint64_t buyers = 0, connections = 256, threads = 1, seed = 1;
  bool progress = false, no_follow = false, own_host = false;
  rehearse::Options options;
};

std::atomic<bool> interrupted{false};

// The first Ctrl-C ends the visits and still reports; the second ends the process.
class InterruptGuard {
 public:
  InterruptGuard() {
    interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptGuard() { sigaction(SIGINT, &before_, nullptr); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_ {};
};

std::optional<std::string> read_tokens(const std::string& path, std::uint64_t at_most, std::vector<std::string>& out) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line) && (at_most == 0 || out.size() < at_most);) {
    if (line.find_first_of("\r \t") != std::string::npos || line.size() > 4096)
      return "--tokens: a line is not a token";
    if (!line.empty()) out.push_back(std::move(line));
  }
  if (out.empty()) return "--tokens: \"" + path + "\" is empty or cannot be read";
  return std::nullopt;
}

// What is wrong with the command line, or nothing; fills given.options.
std::optional<std::string> settle(Given& given) {
  rehearse::Options& o = given.options;
  auto target = rehearse::parse_target(given.url);
  if (!target) return "URL: " + target.error().message;
  o.target = *target;
  if (!o.target.is_loopback() && !given.own_host) {
    return "URL: " + o.target.host +
           " is not this machine; a load run against others' servers is an attack. If it is "
           "yours, say --i-own-this-host";
  }
  auto mix = rehearse::parse_mix(given.mix);
  if (!mix) return "--mix: " + mix.error().message;
  o.mix = *mix;
  if (!is_product_slug(given.product)) return "--product: allowed is a-z, 0-9 and -";
  o.product = given.product;
  o.connections = static_cast<unsigned>(given.connections);
  o.threads = static_cast<unsigned>(given.threads);
  o.seed = given.seed;
  o.follow = !given.no_follow;
  if (o.mix.shoppers + o.mix.bots > 0) {
    if (given.tokens.empty()) return "--tokens: shoppers and bots need accounts; make some with `scalemart user seed`";
    if (auto fault = read_tokens(given.tokens, given.buyers, o.tokens)) return fault;
    if (o.mix.shoppers > 0 && o.mix.bots > 0 && o.tokens.size() < 2) return "--tokens: at least two accounts, please";
  }
  if (!given.admin_token_file.empty()) {
    std::vector<std::string> one;
    if (read_tokens(given.admin_token_file, 1, one)) return "--admin-token: the file is empty or cannot be read";
    o.admin_token = one.front();
  }
  return std::nullopt;
}

bool make_room_for_connections(unsigned connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = connections + 64;
  if (limit.rlim_cur >= wanted) return true;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= wanted;
}

// What is wrong, or nothing.
std::optional<std::string> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (file.flush()) return std::nullopt;
  return "\"" + path + "\" cannot be written";
}

/// Tried, and nothing is left behind: a rehearsal that then fails makes no file.
bool is_writable(const std::string& path) {
  std::error_code ignored;
  const bool was_there = std::filesystem::exists(path, ignored);
  const bool opened = std::ofstream(path, std::ios::app).is_open();
  if (opened && !was_there) std::filesystem::remove(path, ignored);
  return opened;
}

int write_reports(CommandContext& context, const Given& given, const boost::json::object& report) {
  if (!given.json_file.empty() && given.json_file != "-") {
    if (const auto fault = write_file(given.json_file, boost::json::serialize(report) + "\n"))
      return context.fail(kCannotRun, "--json: " + *fault);
  }
  if (given.html_file.empty()) return kDone;
  const auto page = rehearse::fill_report_page(context.programs.report_page, report);
  if (!page) return context.fail(kCannotRun, "--html: " + page.error().message);
  if (const auto fault = write_file(given.html_file, *page)) return context.fail(kCannotRun, "--html: " + *fault);
  return kDone;
}

int rehearse_now(CommandContext& context, Given& given) {
  if (auto fault = settle(given)) return context.fail(kWrongUsage, *fault);
  if (!given.html_file.empty()) {  // before a long run, not after it
    if (context.programs.report_page.empty())
      return context.fail(kCannotRun,
                          "--html: this program was built without its pages; write --json FILE and open that in the "
                          "console of a program that has them");
    if (const auto page = rehearse::fill_report_page(context.programs.report_page, {}); !page)
      return context.fail(kCannotRun, "--html: " + page.error().message);
    if (!is_writable(given.html_file))
      return context.fail(kCannotRun, "--html: \"" + given.html_file + "\" cannot be written");
  }
  if (!make_room_for_connections(given.options.connections)) {
    return context.fail(kCannotRun, "--connections: more than the limit of open files (ulimit -Hn)");
  }
  const InterruptGuard guard;
  rehearse::OnProgress progress;
  if (given.progress || isatty(STDERR_FILENO) != 0) {
    progress = [&](std::string_view line) { context.err << line << std::endl; };
  }
  auto report = rehearse::run(given.options, context.clock, interrupted, progress);
  if (!report) return context.fail(kCannotRun, report.error().message);
  const boost::json::object json = to_json(*report);
  if (given.json_file == "-") {
    context.print(json);
  } else {
    print_text(context.out, *report);
    context.out << std::flush;
  }
  if (const int written = write_reports(context, given, json); written != kDone) return written;
  return report->ok() ? kDone : kAnswerIsNo;
}

}  // namespace

void declare_rehearse(CommandSpec spec) {
  auto given = std::make_shared<Given>();
  spec.text("url", given->url, "http://host:port of the shop", true);
  spec.text("--product", given->product, "Product id", true);
  spec.text("--tokens", given->tokens, "Buyers: one access token a line, from `scalemart user seed`");
  spec.number("--buyers", given->buyers, "Use only the first N tokens", 1, 10'000'000);
  spec.real("--rate", given->options.rate, "Visits a second [1000]", 0.1, 1'000'000);
  spec.duration("--duration", given->options.duration, "How long visits begin [10s]");
  spec.number("--connections", given->connections, "At one time [256]", 1, 200'000);
  spec.number("--threads", given->threads, "Of the generator [1]", 1, 2);
  spec.text("--mix", given->mix, "Percent [shoppers=70,refreshers=25,bots=5]");
  spec.number("--seed", given->seed, "Of the crowd's dice and keys; give another for a second run [1]", 0,
              1'000'000'000'000);
  spec.duration("--timeout", given->options.timeout, "For one answer [10s]");
  spec.duration("--patience", given->options.patience, "After the last visit, for open orders [60s]");
  spec.flag("--no-follow", given->no_follow, "Do not wait for orders to be confirmed");
  spec.text("--admin-token", given->admin_token_file,
            "File with an administrator's token: asks the server for its drift");
  spec.text("--json", given->json_file, "Write the report as JSON to FILE; - is stdout instead of the text");
  spec.text("--html", given->html_file, "Write the report as a page that draws itself to FILE");
  spec.flag("--progress", given->progress, "A line a second on stderr (always when that is a terminal)");
  spec.flag("--i-own-this-host", given->own_host, "Allow a host that is not this machine");
  spec.footer(
      "Open loop: visits begin at a constant rate whatever the server does, and latency counts from the "
      "moment each\n"
      "was due. Exit code 1 when units and answers do not match (other buyers of the product would do that "
      "too).");
  spec.run([given](CommandContext& context) { return rehearse_now(context, *given); });
}

}  // namespace scalemart
