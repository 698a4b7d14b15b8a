#include "backend/redis/live_updates.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "backend/redis/wire.hpp"
#include "base/check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr auto kSlice = std::chrono::milliseconds(200);  // between two looks whether to stop
constexpr auto kSilence = std::chrono::seconds(3);       // after which a server is asked whether it is there
constexpr auto kPause = std::chrono::milliseconds(500);  // between two attempts to connect
constexpr std::size_t kProcessesMax = 10'000;

struct Message {
  std::uint64_t process = 0;
  std::uint64_t number = 0;
  bool lost = false;
  std::vector<StockNews> stocks;
  std::vector<OrderNews> orders;
  std::vector<ProductRef> terms;
};

std::string pack(const Message& message) {
  std::string out;
  redis::Packer packer(out);
  packer.u8(kVersion).u64(message.process).u64(message.number).u8(message.lost ? 1 : 0);
  packer.u32(static_cast<std::uint32_t>(message.stocks.size()));
  packer.u32(static_cast<std::uint32_t>(message.orders.size()));
  packer.u32(static_cast<std::uint32_t>(message.terms.size()));
  const auto count = [&packer](std::int64_t units) { packer.u64(static_cast<std::uint64_t>(units)); };
  for (const StockNews& news : message.stocks) {
    packer.u32(index_of(news.product));
    for (const std::int64_t units : {news.stock.total, news.stock.available, news.stock.held, news.stock.sold})
      count(units);
    packer.u64(news.sequence);
  }
  for (const OrderNews& news : message.orders) {
    packer.id(news.order.hi, news.order.lo);
    packer.u8(static_cast<std::uint8_t>(news.status)).u8(static_cast<std::uint8_t>(news.reason));
    count(news.at.ms);
  }
  for (const ProductRef product : message.terms) packer.u32(index_of(product));
  return out;
}

/// nullopt: of another version, or broken.
std::optional<Message> unpack(std::string_view text) {
  redis::Unpacker in(text);
  if (in.u8() != kVersion) return std::nullopt;
  Message message;
  message.process = in.u64();
  message.number = in.u64();
  message.lost = in.u8() != 0;
  const std::uint32_t stocks = in.u32();
  const std::uint32_t orders = in.u32();
  const std::uint32_t terms = in.u32();
  const auto count = [&in] { return static_cast<std::int64_t>(in.u64()); };
  for (std::uint32_t i = 0; i < stocks && in.good(); ++i) {
    StockNews news;
    news.product = ProductRef{in.u32()};
    news.stock.total = count();
    news.stock.available = count();
    news.stock.held = count();
    news.stock.sold = count();
    news.sequence = in.u64();
    message.stocks.push_back(news);
  }
  for (std::uint32_t i = 0; i < orders && in.good(); ++i) {
    OrderNews news;
    news.order.hi = in.u64();
    news.order.lo = in.u64();
    news.status = static_cast<OrderStatus>(in.u8());
    news.reason = static_cast<StatusReason>(in.u8());
    news.at.ms = count();
    if (static_cast<int>(news.status) >= kOrderStatusCount) return std::nullopt;
    message.orders.push_back(news);
  }
  for (std::uint32_t i = 0; i < terms && in.good(); ++i) message.terms.push_back(ProductRef{in.u32()});
  if (!in.at_end()) return std::nullopt;
  return message;
}

}  // namespace

// --- publisher

RedisLivePublisher::RedisLivePublisher(redis::Client client, const Clock& clock, RedisLiveSettings settings)
    : client_(std::move(client)),
      clock_(clock),
      settings_(std::move(settings)),
      channel_(settings_.keys.live_channel()) {}

RedisLivePublisher::~RedisLivePublisher() {
  stop();
}

void RedisLivePublisher::start() {
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void RedisLivePublisher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  flush();
}

void RedisLivePublisher::run() {
  ::prctl(PR_SET_NAME, "live-out");
  std::unique_lock lock(mutex_);
  for (;;) {
    pulse_.wait(lock, [this] { return stopping_ || has_news(); });
    // More will come at once: it goes with the same message.
    if (pulse_.wait_for(lock, settings_.every, [this] { return stopping_; })) return;
    lock.unlock();
    flush();
    lock.lock();
  }
}

bool RedisLivePublisher::flush() {
  Message message;
  {
    const std::lock_guard lock(mutex_);
    if (!has_news()) return true;
    for (const auto& [product, news] : stocks_) message.stocks.push_back(news);
    stocks_.clear();
    message.orders.swap(orders_);
    message.terms.swap(terms_);
    message.lost = std::exchange(lost_, false);
  }
  message.process = settings_.process;
  message.number = ++number_;
  const std::string text = pack(message);
  if (client_.call(channel_, {"PUBLISH", channel_, text}, clock_.steady() + settings_.within)) return true;
  const std::lock_guard lock(mutex_);
  lost_ = true;
  return false;
}

void RedisLivePublisher::stock_changed(const StockNews& news) noexcept {
  const std::lock_guard lock(mutex_);
  if (stocks_.empty()) pulse_.notify_one();
  const auto [at, is_new] = stocks_.try_emplace(news.product, news);
  if (!is_new && at->second.sequence < news.sequence) at->second = news;
}

void RedisLivePublisher::order_changed(const OrderNews& news) noexcept {
  const std::lock_guard lock(mutex_);
  if (orders_.empty()) pulse_.notify_one();
  if (orders_.size() < settings_.orders_max)
    orders_.push_back(news);
  else
    lost_ = true;
}

void RedisLivePublisher::terms_changed(ProductRef product) noexcept {
  const std::lock_guard lock(mutex_);
  if (std::find(terms_.begin(), terms_.end(), product) == terms_.end()) terms_.push_back(product);
  pulse_.notify_one();
}

// --- receiver

RedisLiveReceiver::RedisLiveReceiver(redis::Client client, LiveSink& sink, const Clock& clock,
                                     RedisLiveSettings settings)
    : client_(std::move(client)),
      sink_(sink),
      clock_(clock),
      settings_(std::move(settings)),
      channel_(settings_.keys.live_channel()) {}

RedisLiveReceiver::~RedisLiveReceiver() {
  stop();
}

void RedisLiveReceiver::start() {
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void RedisLiveReceiver::stop() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    pulse_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void RedisLiveReceiver::rest() {
  std::unique_lock lock(mutex_);
  pulse_.wait_for(lock, kPause, [this] { return stopping_.load(); });
}

void RedisLiveReceiver::run() {
  ::prctl(PR_SET_NAME, "live-in");
  bool told = false;
  while (!stopping_) {
    auto connection = client_.open(channel_, clock_.steady() + settings_.within);
    if (connection && connection->call(redis::Command{"SUBSCRIBE", channel_}, clock_.steady() + settings_.within)) {
      told = false;
      heard_.clear();
      connected_ = true;
      sink_.missed();  // what was published before this moment
      listen(*connection);
      connected_ = false;
    }
    if (!std::exchange(told, true) && !stopping_)
      log::warn("live_updates_away", {{"why", connection ? "the connection was lost" : connection.error().why}});
    if (!stopping_) rest();
  }
}

void RedisLiveReceiver::listen(redis::Connection& connection) {
  SteadyTime heard_at = clock_.steady();
  bool asked = false;
  while (!stopping_) {
    auto reply = connection.listen(clock_.steady() + kSlice);
    if (!reply) return;
    const SteadyTime now = clock_.steady();
    if (*reply) {
      heard_at = now;
      asked = false;
      if ((**reply)[0].text() == "message") receive((**reply)[2].text());
    } else if (now - heard_at > 2 * kSilence) {
      return;
    } else if (now - heard_at > kSilence && !asked) {
      asked = true;
      if (!connection.send({"PING"}, now + settings_.within)) return;
    }
  }
}

void RedisLiveReceiver::receive(std::string_view text) {
  const std::optional<Message> message = unpack(text);
  if (!message) return;  // of a newer program
  if (message->process == settings_.process) return;
  if (heard_.size() > kProcessesMax) heard_.clear();
  std::uint64_t& last = heard_[message->process];
  const bool gap = message->lost || (last != 0 && message->number != last + 1);
  last = message->number;
  if (!message->stocks.empty()) sink_.stocks(message->stocks);
  if (!message->orders.empty()) sink_.orders(message->orders);
  if (!message->terms.empty()) sink_.terms(message->terms);
  if (gap) sink_.missed();
}

}  // namespace scalemart
