#include "gateway/loop.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr int kEventsPerTurn = 256;
constexpr std::size_t kAcceptsPerTurn = 64;

IpAddress address_of(const sockaddr_storage& from) {
  IpAddress address;
  if (from.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
  }
  if (from.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  }
  return address;
}

bool watch(int epoll, int fd, std::uint32_t events, void* tag) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

Loop::Loop(std::size_t index, std::vector<int> listeners, const Shared& shared, std::unique_ptr<Guards> guards,
           Random& random)
    : index_(index),
      shared_(shared),
      listeners_(std::move(listeners)),
      guards_(std::move(guards)),
      mailbox_(std::make_shared<Mailbox>()),
      now_(shared.clock.steady()),
      wheel_(now_, shared.options.timeouts.tick),
      out_(kOutputBytes),
      input_(std::make_unique_for_overwrite<char[]>(kInputBytes)) {
  last_turn_ns_.store(now_.time_since_epoch().count());  // until it runs nobody can say that it stands still
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  SCALEMART_CHECK(epoll_ >= 0);
  spare_fd_ = open_spare();
  // Sockets that all loops share wake one of them, not all.
  for (const int listener : listeners_)
    SCALEMART_CHECK(
        watch(epoll_, listener, EPOLLIN | (shared_.options.inherited.empty() ? 0U : EPOLLEXCLUSIVE), &listeners_));
  SCALEMART_CHECK(watch(epoll_, mailbox_->fd(), EPOLLIN | EPOLLET, &mailbox_));
  heads_.set_time(shared_.clock.wall());
  // Ids are unique, not secret: a random beginning per loop, then a count.
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  for (std::size_t i = 0; i < 12; ++i) request_id_[i] = kAlphabet[random.below(kAlphabet.size())];
}

Loop::~Loop() {
  for (auto& connection : slots_) connection.reset();
  graveyard_.clear();
  stop_listening();
  if (spare_fd_ >= 0) ::close(spare_fd_);
  ::close(epoll_);
}

void Loop::run() {
  std::array<epoll_event, kEventsPerTurn> events{};
  while (!stopping_) {
    const bool more = !again_.empty() || news_next_ < news_.size();
    const int wait_ms = more ? 0 : static_cast<int>(shared_.options.timeouts.tick.count());
    const int ready = epoll_wait(epoll_, events.data(), kEventsPerTurn, wait_ms);
    SCALEMART_CHECK(ready >= 0 || errno == EINTR);
    now_ = shared_.clock.steady();
    last_turn_ns_.store(now_.time_since_epoch().count(), std::memory_order_relaxed);
    heads_.set_time(shared_.clock.wall());
    bool has_mail = false;
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == &mailbox_)
        has_mail = true;
      else if (event.data.ptr == &listeners_)
        accept_all();
      else if (auto* connection = static_cast<Connection*>(event.data.ptr); !connection->is_closed())
        connection->on_ready(event.events);
    }
    if (has_mail) read_mail();
    deliver_news();
    run_again_list();
    wheel_.advance(now_, [](WheelEntry& entry) {
      auto& connection = static_cast<Connection&>(entry);
      if (!connection.is_closed()) connection.on_deadline();
    });
    graveyard_.clear();
  }
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i]) slots_[i]->shed();  // Whoever waits for an on_close gets it, on this thread.
  graveyard_.clear();
}

void Loop::stop() {
  mailbox_->post([this] { stopping_ = true; });
}

void Loop::drain() {
  mailbox_->post([this] {
    if (draining_) return;
    draining_ = true;
    if (shared_.options.inherited.empty()) accept_all();
    stop_listening();
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i] && !slots_[i]->is_closed()) slots_[i]->on_drain();
  });
}

void Loop::stop_listening() {
  for (const int listener : listeners_) {
    // Closing alone is not enough: of an inherited socket others hold copies, and it would go on waking us.
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener, nullptr);
    ::close(listener);
  }
  listeners_.clear();
}

void Loop::accept_all() {
  for (const int listener : listeners_) accept_from(listener);
}

void Loop::accept_from(int listener) {
  for (std::size_t i = 0; i < kAcceptsPerTurn || draining_; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int fd = accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(fd, address_of(from));
      continue;
    }
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if ((errno != EMFILE && errno != ENFILE) || spare_fd_ < 0) return;
    // Out of descriptors: take the connection with the spare one and drop it, or it would wake us for ever.
    ::close(spare_fd_);
    const int dropped = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (dropped >= 0) ::close(dropped);
    spare_fd_ = open_spare();
    if (dropped < 0) return;
  }
}

void Loop::admit(int fd, const IpAddress& address) {
  Connection::Peer peer{address, address.is_loopback() || shared_.options.trusted_proxies.trusts(address), false};
  const auto admitted = shared_.limits.enter(address, peer.exempt);
  if (admitted == ConnectionLimits::Admitted::refused) {
    ::close(fd);
    return;
  }
  peer.health_only = admitted == ConnectionLimits::Admitted::for_health_only;
  SslHandle ssl;
  if (shared_.tls != nullptr && !(ssl = shared_.tls->accept())) {
    shared_.limits.leave(address, peer.exempt);
    ::close(fd);
    return;
  }
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    SCALEMART_CHECK(slots_.size() < (1u << kSlotBits));
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[slot] = std::make_unique<Connection>(*this, fd, std::move(ssl), peer, slot);
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  if (!watch(epoll_, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, slots_[slot].get())) slots_[slot]->shed();
}

void Loop::bury(Connection& connection) {
  shared_.limits.leave(connection.peer().address, connection.peer().exempt);
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
  wheel_.remove(connection);
  if (connection.queued_again) std::erase(again_, &connection);
  const std::uint32_t slot = connection.slot();
  graveyard_.push_back(std::move(slots_[slot]));
  free_slots_.push_back(slot);
}

Connection* Loop::connection_of(std::uint64_t token) {
  const std::uint64_t slot = token & ((1u << kSlotBits) - 1);
  return slot < slots_.size() ? slots_[slot].get() : nullptr;
}

void Loop::read_mail() {
  mailbox_->take(mail_);
  for (const auto& item : mail_.answers)
    if (Connection* connection = connection_of(item.token)) connection->on_answer(item.token, item.answer);
  for (const auto& completion : mail_.completions)
    if (Connection* connection = connection_of(completion.token))
      connection->on_completion(completion.token, completion.response);
  for (auto& reader : mail_.readers) news_.push_back(std::move(reader));
  for (const auto& task : mail_.tasks) task();
  mail_.clear();
}

void Loop::deliver_news() {
  const std::size_t end = std::min(news_.size(), news_next_ + kNewsPerTurn);
  for (; news_next_ < end; ++news_next_)
    if (Connection* connection = connection_of(news_[news_next_]->token())) connection->on_news(*news_[news_next_]);
  if (news_next_ == news_.size()) {
    news_.clear();
    news_next_ = 0;
  }
}

void Loop::go_on_later(Connection& connection) {
  if (connection.queued_again) return;
  connection.queued_again = true;
  again_.push_back(&connection);
}

void Loop::run_again_list() {
  // Those who ask again while this runs wait for the next turn. The dead are still in the graveyard.
  std::vector<Connection*> now;
  now.swap(again_);
  for (Connection* connection : now) {
    connection->queued_again = false;
    if (!connection->is_closed()) connection->go_on();
  }
}

RequestParser* Loop::take_parser() {
  if (free_parsers_.empty()) {
    parsers_.push_back(std::make_unique<RequestParser>(shared_.options.parser));
    return parsers_.back().get();
  }
  RequestParser* parser = free_parsers_.back();
  free_parsers_.pop_back();
  parser->reset();
  return parser;
}

void Loop::give_parser(RequestParser* parser) {
  free_parsers_.push_back(parser);
}

std::string_view Loop::new_request_id() {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::uint64_t n = ++request_count_;
  for (std::size_t i = 24; i-- > 12; n >>= 5) request_id_[i] = kAlphabet[n & 31];
  return {request_id_.data(), request_id_.size()};
}

}  // namespace scalemart
