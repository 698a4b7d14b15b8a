#include "backend/postgresql/pool.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart::pg {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr int kDoublings = 4;  // up to 1.6 s

}  // namespace

Pool::Lease::~Lease() {
  if (connection_) pool_->give_back(std::move(connection_), spoilt_);
}

Pool::Pool(Connection::Options options, std::size_t most, const Clock& clock)
    : options_(std::move(options)), most_(most), clock_(clock) {}

Pool::~Pool() {
  SCALEMART_CHECK(lent_ == 0);
}

std::unique_ptr<Connection> Pool::take_idle() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->is_open()) return connection;
  }
  return nullptr;
}

Reply<Pool::Lease> Pool::borrow(std::chrono::milliseconds within) {
  {
    std::unique_lock guard(mutex_);
    if (!freed_.wait_for(guard, within, [this] { return lent_ < most_; }))
      return Failure{Failure::Kind::unsent, {}, {}, "all connections are in use"};
    if (auto connection = take_idle()) {
      ++lent_;
      return Lease(*this, std::move(connection));
    }
    if (failures_ > 0 && (connecting_ > 0 || clock_.steady() < next_attempt_))
      return Failure{Failure::Kind::unsent, {}, {}, last_failure_};
    ++lent_;
    ++connecting_;
  }
  return connect();
}

Reply<Pool::Lease> Pool::connect() {
  auto opened = Connection::open(options_, clock_);
  const std::lock_guard guard(mutex_);
  --connecting_;
  if (opened) {
    failures_ = 0;
    return Lease(*this, std::make_unique<Connection>(std::move(*opened)));
  }
  --lent_;
  freed_.notify_one();
  next_attempt_ = clock_.steady() + kFirstPause * (1 << std::min(failures_, kDoublings));
  ++failures_;
  last_failure_ = opened.error().message;
  return opened.error();
}

void Pool::give_back(std::unique_ptr<Connection> connection, bool spoilt) {
  const std::lock_guard guard(mutex_);
  --lent_;
  if (!spoilt && connection->is_open()) idle_.push_back(std::move(connection));
  freed_.notify_one();
}

bool Pool::is_cut_off() const {
  const std::lock_guard guard(mutex_);
  return failures_ > 0;
}

}  // namespace scalemart::pg
