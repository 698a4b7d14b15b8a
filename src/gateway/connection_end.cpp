// How a connection comes to its end: deadlines, the drain of its loop, lingering.

#include <algorithm>

#include "gateway/connection.hpp"
#include "gateway/loop.hpp"

namespace scalemart {

SteadyTime Connection::next_deadline() const {
  const Timeouts& t = loop_.timeouts();
  if (!unsent_.empty()) return progress_ + t.write_stall;
  switch (phase_) {
    case Phase::handshake:
      return since_ + t.handshake;
    case Phase::busy:
      return since_ + t.answer;
    case Phase::streaming:
      return progress_ + t.heartbeat;
    case Phase::lingering:
      return since_ + t.linger;
    case Phase::reading:
      if (in_head_) return since_ + t.head;
      if (in_body_) {
        const std::chrono::milliseconds earned(parser_->body_received() * 1000 / t.body_rate);
        return since_ + std::min(t.body, t.body_grace + earned);
      }
      if (loop_.is_draining()) return since_ + t.drain_idle;
      // Looked at again and again, so that pressure is noticed.
      return std::min(since_ + t.idle, loop_.now() + t.idle_under_pressure);
    case Phase::closed:
      break;
  }
  return SteadyTime::max();
}

void Connection::on_deadline() {
  const Timeouts& t = loop_.timeouts();
  if (!unsent_.empty()) return abort();
  switch (phase_) {
    case Phase::handshake:
    case Phase::lingering:
      return close();
    case Phase::busy:
      close_after_ = true;
      exchange_.respond(error(504, "timeout",
                              "This took too long; what came of it is not known. A buy can be looked up by its key."));
      return settle();
    case Phase::streaming: {
      static const EventStream::Text kHeartbeat = std::make_shared<const std::string>(": still here\n\n");
      send_event(kHeartbeat);
      return settle();
    }
    case Phase::reading:
      if (in_head_ || in_body_) {
        refuse({408, "request_timeout", "The request did not come in time."});
        return settle();
      }
      if (loop_.is_draining()) {
        end_orderly();
        return settle();
      }
      if (loop_.now() < since_ + t.idle && !loop_.shared().limits.is_under_pressure()) return settle();
      return close();
    case Phase::closed:
      break;
  }
}

/// Who asks again soon is told with that answer that it is the last one; only who does not is left without.
void Connection::on_drain() {
  const bool is_idle = phase_ == Phase::reading && parser_ == nullptr && own_size_ == 0;
  if (phase_ == Phase::streaming || (is_idle && loop_.now() >= since_ + loop_.timeouts().drain_idle)) end_orderly();
  settle();
}

/// A request may be on its way: it shall see an orderly end, not a reset.
void Connection::end_orderly() {
  close_after_ = true;
  must_linger_ = true;
}

void Connection::begin_linger() {
  if (reader_) reader_->set_gone();
  if (on_stream_close_) std::exchange(on_stream_close_, nullptr)();
  phase_ = Phase::lingering;
  since_ = loop_.now();
  drop_parser();
  drop_buffer();
  transport_.shutdown_write();
  if (readable_) discard_input();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  exchange_.close();
  awaited_ = 0;
  drop_parser();
  if (reader_) reader_->set_gone();
  if (on_stream_close_) std::exchange(on_stream_close_, nullptr)();
  loop_.bury(*this);
}

void Connection::abort() {
  transport_.reset();
  close();
}

}  // namespace scalemart
