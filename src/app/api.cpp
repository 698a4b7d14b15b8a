#include "app/api.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/await.hpp"
#include "base/embedded_file.hpp"
#include "gateway/archive_routes.hpp"
#include "gateway/audit_routes.hpp"
#include "gateway/auth_routes.hpp"
#include "gateway/dead_letter_routes.hpp"
#include "gateway/files.hpp"
#include "gateway/flash_buy.hpp"
#include "gateway/history_routes.hpp"
#include "gateway/middleware/stage_guards.hpp"
#include "gateway/operations_routes.hpp"
#include "gateway/order_routes.hpp"
#include "gateway/pages.hpp"
#include "gateway/payment_routes.hpp"
#include "gateway/product_routes.hpp"
#include "gateway/queue_routes.hpp"
#include "gateway/stream_routes.hpp"
#include "gateway/system_routes.hpp"
#include "gateway/webhook_routes.hpp"
#include "notify/hub.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPoolThreads = 2;
constexpr std::size_t kPoolQueue = 256;
constexpr std::size_t kWebhookQueue = 16;
constexpr std::uint32_t kViewerWritesPerCore = 2500;

void append(Routes& to, Routes from) {
  for (Route& route : from) to.push_back(std::move(route));
}

}  // namespace

/// The hub with its thread, and the consoles that watch.
class Streams {
 public:
  Streams(Engine& engine, const Clock& clock, std::size_t readers_max)
      : hub(clock, stream_formatters(engine.catalogue(), engine.clock()), settings(readers_max)), clock_(clock) {
    hub.on_reader([this] { wake(); });
    engine.on_changed({[this](ProductRef ref) { hub.product_changed(ref); },
                       [this](const OrderNotice& notice) { hub.order_changed(notice); }});
    thread_ = std::thread([this] { run(); });
  }
  ~Streams() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
  }

  /// Time alone opens and closes sales: nothing is recorded, so viewers are told from here. Once a second.
  void tell_of_time(Engine& engine) {
    const WallTime now = engine.clock().now();
    std::vector<ProductRef> changed;
    const auto offers = engine.catalogue().current();
    states_.resize(offers->all().size(), ProductState::scheduled);
    for (const Offer& offer : offers->all()) {
      const ProductState state = state_at(offer.spec->terms, offer.live->read().stock, offer.paused, now);
      if (std::exchange(states_[index_of(offer.ref)], state) != state) changed.push_back(offer.ref);
    }
    if (changed.empty()) return;
    engine.tell(std::move(changed));
  }

  Hub hub;
  StatsViewers stats_viewers;

 private:
  static HubSettings settings(std::size_t readers_max) {
    HubSettings settings;
    settings.readers_max = readers_max;
    // A few percent of the machine at the most, however many watch: 10,000 on two cores hear every two
    // seconds.
    settings.writes_per_s = kViewerWritesPerCore * std::max(1U, std::thread::hardware_concurrency());
    return settings;
  }
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      awake_ = true;
    }
    pulse_.notify_one();
  }
  void run() {
    for (;;) {
      const SteadyTime next = hub.pump();
      std::unique_lock lock(mutex_);
      // Bounded, so that a clock that was set never leaves readers without news.
      const auto wait =
          next == SteadyTime::max() ? 1h : std::clamp<std::chrono::nanoseconds>(next - clock_.steady(), 1ms, 1s);
      pulse_.wait_for(lock, wait, [this] { return awake_ || stopping_; });
      if (stopping_) return;
      awake_ = false;
    }
  }

  const Clock& clock_;
  std::vector<ProductState> states_;  ///< By product; of tell_of_time().
  std::mutex mutex_;
  std::condition_variable pulse_;
  bool awake_ = false;     ///< Guarded by mutex_.
  bool stopping_ = false;  ///< Guarded by mutex_.
  std::thread thread_;
};

Api::Api(Parts parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Api>> Api::open(const Config& config, Parts parts) {
  std::unique_ptr<Api> api(new Api(std::move(parts)));
  auto document = ApiDocument::load(api_document_text());
  if (!document) return document.error();
  api->document_ = std::make_unique<ApiDocument>(std::move(*document));
  if (auto done = api->set_limits(config); !done) return done.error();
  api->pool_ = std::make_unique<TaskPool>(kPoolThreads, kPoolQueue, TaskPool::Priority::background);
  api->webhook_pool_ = std::make_unique<TaskPool>(1, kWebhookQueue, TaskPool::Priority::background);
  api->streams_ = std::make_unique<Streams>(api->parts_.engine, api->parts_.clock, config.viewers_max);

  Gateway::Parts gateway;
  gateway.options.address = config.listen.host == "localhost" ? "127.0.0.1" : config.listen.host;
  gateway.options.port = config.listen.port;
  gateway.options.threads = config.threads;
  gateway.options.inherited = api->parts_.sockets;
  gateway.options.connections.per_address = config.connections_per_address;
  gateway.options.connections.total = config.connections_max;
  gateway.options.parser.body_bytes = config.body_max;
  gateway.options.parser.head_bytes = config.header_max;
  gateway.options.timeouts.head = config.header_timeout;
  gateway.options.timeouts.body = config.header_timeout * 3 / 2;
  gateway.options.timeouts.body_grace = config.header_timeout / 2;
  gateway.options.timeouts.idle = config.idle_timeout;
  auto proxies = TrustedProxies::parse(config.trusted_proxies);
  if (!proxies) return error("SCALEMART_TRUSTED_PROXIES: " + proxies.error().message);
  gateway.options.trusted_proxies = std::move(*proxies);
  auto operators = TrustedProxies::parse(config.operator_network);
  if (!operators) return error("SCALEMART_OPERATOR_NETWORK: " + operators.error().message);
  gateway.options.operator_network = std::move(*operators);
  gateway.options.cors_origins = config.cors_origins;
  if (!config.tls_cert.empty()) gateway.options.tls = TlsFiles{config.tls_cert.string(), config.tls_key.string()};
  gateway.routes = api->routes(config);
  auto pages = Pages::open(config.pages);
  if (!pages) return pages.error();
  auto site = site_pages(pages->files(), gateway.routes);
  if (!site) return error("SCALEMART_PAGES: " + site.error().message);
  append(gateway.routes, std::move(site->routes));
  gateway.not_found = std::move(site->not_found);
  for (const std::string& difference : api->document_->differences(gateway.routes))
    return error("the API document and the routes disagree: " + difference);
  gateway.guards = api->guards();
  gateway.document = api->document_.get();
  auto made = Gateway::create(std::move(gateway), api->parts_.clock, api->parts_.random);
  if (!made) return made.error();
  api->gateway_ = std::move(*made);
  return api;
}

Api::~Api() {
  parts_.identity.on_setting({});
}

Result<void> Api::set_limits(const Config& config) {
  RatePolicies policies = RatePolicies::defaults();
  const std::pair<std::string_view, std::pair<const std::string*, RatePolicy*>> settings[] = {
      {"FLASH_BUY", {&config.rate_limit_flash_buy, &policies.flash_buy}},
      {"LOGIN", {&config.rate_limit_login, &policies.login}},
      {"REGISTER", {&config.rate_limit_register, &policies.register_account}},
      {"DEFAULT", {&config.rate_limit_default, &policies.other}}};
  for (const auto& [name, setting] : settings) {
    const auto& [text, policy] = setting;
    if (text->empty()) continue;
    const auto parsed = RatePolicy::parse(*text);
    if (!parsed) return error("SCALEMART_RATE_LIMIT_" + std::string(name) + ": " + parsed.error().message);
    *policy = *parsed;
  }
  limiter_ = std::make_unique<Limiter>(policies, parts_.random);
  refresh_ = parts_.metrics.before_collect([this] { count_limits(); });
  const auto take = [this](const Setting& setting) {
    if (setting.key == kRateLimitSetting) apply_stored_limits(*limiter_, setting.json, parts_.clock.steady());
  };
  // Before they are read, so that no change falls between.
  parts_.identity.on_setting(take);
  const auto stored = await<Result<std::vector<Setting>>>(
      [this](auto done) { return parts_.identity.accounts().settings(std::move(done)); });
  if (!stored) return error("the account store is busy; try again");
  if (!*stored) return stored->error();
  for (const Setting& setting : **stored) take(setting);
  return {};
}

Routes Api::routes(const Config& config) {
  Engine& engine = parts_.engine;
  AccountStore& accounts = parts_.identity.accounts();
  SaleLedger& ledger = engine.ledger();
  OrderBook& orders = engine.orders();
  const auto check_body = [this](Exchange& x) -> std::variant<boost::json::value, Response> {
    return document_->check_body(*document_->find("flashBuy"), x.header("Content-Type"), x.body(), {});
  };
  Routes routes;
  routes.push_back(flash_buy_route({parts_.clock, engine.catalogue(), engine.used_keys(), engine.clock(), ledger,
                                    parts_.metrics, check_body, static_cast<std::uint32_t>(config.hold.count()),
                                    config.request_deadline, engine.traces()}));
  append(routes, auth_routes(parts_.identity.sessions(), *limiter_));
  append(routes, product_routes({engine.catalogue(), engine.clock(), ledger, accounts}));
  append(routes, order_routes({orders, ledger, engine.catalogue(), parts_.desk.invoices(), *pool_}));
  append(routes,
         archive_routes({engine.archive(), orders, ledger, accounts, parts_.desk.payments(), parts_.clock, *pool_}));
  checkout_ = std::make_unique<Checkout>(CheckoutParts{
      orders, ledger, parts_.desk.payments(), engine.catalogue(), parts_.clock, config.hold, config.buyers_pay(),
      [&desk = parts_.desk](const OpenOrder& order) { desk.confirmed_here(order); }});
  append(routes, payment_routes({*checkout_, parts_.desk.notices(), parts_.clock, config.stripe_publishable_key}));
  const QueueServices queue{parts_.desk.fulfilment(), engine.catalogue(), orders, accounts, parts_.clock};
  append(routes, queue_routes(queue));
  append(routes, dead_letter_routes(queue));
  append(routes, history_routes({parts_.history, engine.clock(), *pool_}));
  append(routes, system_routes({*limiter_, accounts, parts_.clock, *pool_}));
  append(routes, webhook_routes({parts_.webhooks, *webhook_pool_}));
  append(routes, audit_routes(accounts));
  const auto stats = [&statistics = parts_.statistics] { return boost::json::serialize(statistics.render()); };
  append(routes, stream_routes({streams_->hub, engine.catalogue(), engine.clock(), orders, streams_->stats_viewers,
                                stats, config.viewers_max}));
  append(routes, operations_routes({parts_.not_ready, [&metrics = parts_.metrics] { return metrics.render(); },
                                    [&statistics = parts_.statistics] { return statistics.render(); }}));
  append(routes, api_file_routes(api_files()));
  return routes;
}

GuardsFactory Api::guards() {
  const StageGuards::Stages stages{parts_.clock, parts_.identity.keys(), parts_.identity.revocations(),
                                   parts_.identity.admins(), *limiter_};
  return [this, stages](std::size_t) -> std::unique_ptr<Guards> {
    // Looked up once per loop and route, so that an answer costs no lock.
    auto by_route = std::make_shared<std::vector<RouteMetrics*>>();
    Metrics& metrics = parts_.metrics;
    RouteMetrics& unknown = metrics.route("unknown", "ANY");
    return std::make_unique<StageGuards>(stages, [by_route, &metrics, &unknown](const Answered& answered) {
      RouteMetrics* route = &unknown;
      if (answered.route != nullptr) {
        const std::size_t index = answered.route->index;
        if (index >= by_route->size()) by_route->resize(index + 1);
        if ((*by_route)[index] == nullptr)
          (*by_route)[index] = &metrics.route(answered.route->route.path, to_text(answered.route->route.method));
        route = (*by_route)[index];
      }
      route->answered(answered.status, answered.duration);
    });
  };
}

void Api::count_limits() {
  const std::lock_guard lock(limits_mutex_);
  for (std::size_t i = 0; i < kPolicyCount; ++i) {
    const auto id = static_cast<PolicyId>(i);
    const std::uint64_t refused = limiter_->counts(id).refused;
    parts_.metrics.rate_limited_total.at({to_text(id)}).add(refused - std::exchange(limits_counted_[i], refused));
  }
}

void Api::every_second() {
  count_limits();
  streams_->tell_of_time(parts_.engine);
  streams_->stats_viewers.publish([this] { return boost::json::serialize(parts_.statistics.render()); });
}

std::optional<std::string> fault_of_rate_limit(std::string_view setting) {
  const auto parsed = RatePolicy::parse(setting);
  if (!parsed) return parsed.error().message;
  return std::nullopt;
}

}  // namespace scalemart
