#include "gateway/connection.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "gateway/loop.hpp"
#include "gateway/text.hpp"

namespace scalemart {
namespace {

constexpr int kReadsPerTurn = 4;
constexpr std::size_t kOwnMin = 2048;
constexpr std::size_t kLingerBytes = 256 * 1024;

}  // namespace

Connection::Connection(Loop& loop, int fd, SslHandle ssl, const Peer& peer, std::uint32_t slot)
    : loop_(loop), transport_(fd, std::move(ssl)), peer_(peer), slot_(slot) {
  since_ = progress_ = loop_.now();
  if (transport_.is_tls()) phase_ = Phase::handshake;
  settle();
}

Connection::~Connection() {
  drop_parser();
}

void Connection::drop_parser() {
  if (parser_ != nullptr) loop_.give_parser(parser_);
  parser_ = nullptr;
  in_head_ = in_body_ = false;
}

void Connection::drop_buffer() {
  own_.reset();
  own_size_ = own_capacity_ = 0;
}

// --- turns ---------------------------------------------------------------------------------------------

void Connection::on_ready(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    if (phase_ != Phase::reading && phase_ != Phase::lingering) return close();  // Nobody is left to be answered.
    readable_ = true;
  }
  if ((events & EPOLLRDHUP) != 0) peer_finished_ = readable_ = true;
  if ((events & EPOLLIN) != 0) readable_ = true;
  if (phase_ == Phase::handshake) shake_hands();
  if ((events & EPOLLOUT) != 0 && !unsent_.empty()) write_unsent();
  if (phase_ == Phase::lingering || phase_ == Phase::streaming) {
    if (readable_) discard_input();
  } else if (may_serve()) {
    if (own_size_ > 0 && parser_ == nullptr) serve_own();  // Held back while output was stuck.
    if (readable_ && may_serve()) read_some();
  }
  settle();
}

void Connection::go_on() {
  resume();
}

void Connection::resume() {
  if (may_serve() && own_size_ > 0) serve_own();
  if (may_serve() && readable_) read_some();
  settle();
}

void Connection::shake_hands() {
  const IoResult r = transport_.handshake();
  if (r.bytes > 0) {
    phase_ = Phase::reading;
    since_ = loop_.now();
    readable_ = true;  // The first request may have come with the handshake.
    return;
  }
  if (r.stop != IoStop::again || peer_finished_) close();
}

void Connection::on_answer(std::uint64_t token, const Answer& answer) {
  if (token != awaited_ || on_answer_ == nullptr) return;
  awaited_ = 0;
  try {
    on_answer_(exchange_, answer);
  } catch (const std::exception&) {
    exchange_.respond(error(500, "internal_error", "The request could not be completed."));
  }
  if (exchange_.is_open() && awaited_ == 0)
    exchange_.respond(error(500, "internal_error", "The request could not be completed."));
  resume();
}

void Connection::on_completion(std::uint64_t token, const Response& response) {
  if (token != awaited_ || on_answer_ != nullptr) return;
  exchange_.respond(response);
  resume();
}

void Connection::settle() {
  if (phase_ == Phase::closed) return;
  if (loop_.out().size() > 0) flush();
  if (close_after_ && unsent_.empty() && (phase_ == Phase::reading || phase_ == Phase::streaming)) {
    // A client that meant to go on may be sending already: a reset would take our answer from it.
    if (must_linger_ || keep_alive_ || own_size_ > 0 || readable_)
      begin_linger();
    else
      close();
  }
  if (phase_ != Phase::closed) loop_.set_deadline(*this, next_deadline());
}

// --- reading -------------------------------------------------------------------------------------------

void Connection::read_some() {
  for (int i = 0; i < kReadsPerTurn && readable_ && may_serve(); ++i) {
    if (own_ && !make_room()) return refuse({413, "body_too_large", "The request is too large."});
    char* to = own_ ? own_.get() + own_size_ : loop_.input();
    const std::size_t room = own_ ? own_capacity_ - own_size_ : Loop::kInputBytes;
    const IoResult r = transport_.read(to, room);
    if (r.bytes == 0) {
      readable_ = false;
      if (r.stop == IoStop::again) return;
      close_after_ = true;  // After what was answered has left.
      drop_parser();
      drop_buffer();
      return;
    }
    // A short read has emptied the socket; the next edge tells of more.
    if (r.bytes < room && !transport_.is_tls() && !peer_finished_) readable_ = false;
    if (own_) {
      own_size_ += r.bytes;
      serve_own();
    } else {
      const std::size_t used = serve(to, r.bytes);
      keep_rest(to, used, r.bytes);
    }
  }
  if (readable_ && may_serve()) loop_.go_on_later(*this);
}

void Connection::serve_own() {
  const std::size_t used = serve(own_.get(), own_size_);
  keep_rest(own_.get(), used, own_size_);
}

std::size_t Connection::serve(char* data, std::size_t size) {
  std::size_t used = 0;
  while (used < size && may_serve()) {
    if (parser_ == nullptr) parser_ = loop_.take_parser();
    switch (parser_->feed(data + used, size - used)) {
      case RequestParser::State::need_more:
        if (parser_->has_head() && parser_->wants_continue() && !continue_sent_) send_continue();
        return used;
      case RequestParser::State::refused:
        refuse(parser_->refusal());
        return size;
      case RequestParser::State::complete: {
        const std::size_t consumed = parser_->consumed();
        run_request();
        drop_parser();
        used += consumed;
        break;
      }
    }
    if (loop_.out().room() < Loop::kOutputBytes / 2) flush();
  }
  return used;
}

void Connection::keep_rest(char* data, std::size_t used, std::size_t size) {
  if (phase_ == Phase::closed || close_after_) {
    if (used < size) must_linger_ = true;
    drop_parser();
    return drop_buffer();
  }
  const std::size_t rest = size - used;
  if (rest == 0) {
    since_ = phase_ == Phase::reading ? loop_.now() : since_;
    return drop_buffer();
  }
  char* from = data + used;
  if (data != own_.get()) {
    const std::size_t expected = parser_ != nullptr ? parser_->size_expected() : 0;
    own_capacity_ = std::max(
        {kOwnMin, rest + rest / 2,
         std::min(expected, loop_.shared().options.parser.head_bytes + loop_.shared().options.parser.body_bytes)});
    own_ = std::make_unique_for_overwrite<char[]>(own_capacity_);
  }
  if (from != own_.get()) {
    std::memmove(own_.get(), from, rest);
    if (parser_ != nullptr) parser_->rebase(from, own_.get());
  }
  own_size_ = rest;
  if (parser_ == nullptr) return;
  if (parser_->has_head() && !in_body_) {
    in_body_ = true;
    in_head_ = false;
    since_ = loop_.now();
  } else if (!parser_->has_head() && !in_head_) {
    in_head_ = true;
    since_ = loop_.now();
  }
}

bool Connection::make_room() {
  if (own_size_ < own_capacity_) return true;
  const ParserLimits& limits = loop_.shared().options.parser;
  const std::size_t most =
      limits.head_bytes + limits.body_bytes + limits.chunk_overhead_bytes + limits.chunk_line_bytes;
  const std::size_t expected = parser_ != nullptr ? parser_->size_expected() : 0;
  if (own_capacity_ >= std::max(most, Loop::kInputBytes * 2)) return false;
  const std::size_t capacity = std::max(own_capacity_ * 2, std::min(expected, most));
  auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(bigger.get(), own_.get(), own_size_);
  if (parser_ != nullptr) parser_->rebase(own_.get(), bigger.get());
  own_ = std::move(bigger);
  own_capacity_ = capacity;
  return true;
}

void Connection::run_request() {
  const RequestParser& request = *parser_;
  phase_ = Phase::busy;
  since_ = loop_.now();
  in_head_ = in_body_ = continue_sent_ = false;
  keep_alive_ = request.keep_alive();
  http11_ = request.is_http11();
  method_ = request.method();
  head_only_ = request.is_known_method() && method_ == Method::head;
  entry_ = nullptr;
  Passage passage{.host = *this,
                  .exchange = exchange_,
                  .close_after = close_after_,
                  .guards = loop_.guards(),
                  .scratch = loop_.scratch(),
                  .target = request.target(),
                  .headers = request.headers(),
                  .body = request.body(),
                  .method_text = request.method_text(),
                  .peer = peer_.address,
                  .now = loop_.now(),
                  .method = method_,
                  .method_known = request.is_known_method(),
                  .health_only = peer_.health_only,
                  .is_tls = transport_.is_tls(),
                  .loop = loop_.index(),
                  .fresh_request_id = loop_.new_request_id()};
  if (!loop_.shared().options.cors_origins.empty()) choose_cors();
  try {
    loop_.shared().pipeline.run(passage, entry_);
  } catch (const std::exception&) {
    exchange_.respond(error(500, "internal_error", "The request could not be completed."));
  }
  if (exchange_.is_open() && awaited_ == 0)
    exchange_.respond(error(500, "internal_error", "The request could not be completed."));
  exchange_.end_question();
}

void Connection::choose_cors() {
  cors_lines_ = "Vary: Origin\r\n";
  const auto& known = loop_.shared().options.cors_origins;
  for (const auto& field : parser_->headers()) {
    if (field.name.size() != 6 || !text::iequals(field.name, "origin")) continue;
    if (std::find(known.begin(), known.end(), field.value) == known.end()) continue;
    cors_lines_.append("Access-Control-Allow-Origin: ").append(field.value).append("\r\n");
    cors_lines_.append(
        "Access-Control-Expose-Headers: X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, "
        "Idempotent-Replayed, X-Server-Time\r\n");
    return;
  }
}

void Connection::refuse(const ParseRefusal& refusal) {
  phase_ = Phase::busy;
  close_after_ = true;
  must_linger_ = true;
  head_only_ = false;
  http11_ = true;
  entry_ = nullptr;
  exchange_.begin(*this, {}, {loop_.new_request_id(), peer_.address, loop_.now(), loop_.index(), transport_.is_tls()});
  exchange_.respond(error(refusal.status, refusal.code, refusal.detail));
  drop_parser();
}

void Connection::discard_input() {
  for (int i = 0; i < kReadsPerTurn && phase_ != Phase::closed; ++i) {
    const IoResult r = transport_.read_raw(loop_.input(), Loop::kInputBytes);
    if (r.bytes == 0) {
      readable_ = false;
      if (r.stop != IoStop::again) close();
      return;
    }
    lingered_ += r.bytes;
    if (lingered_ > kLingerBytes) return abort();
  }
  if (readable_ && phase_ != Phase::closed) loop_.go_on_later(*this);
}

}  // namespace scalemart
