// The writing half of Connection: answers, streams, and what the socket would not take yet.

#include <algorithm>

#include "gateway/connection.hpp"
#include "gateway/loop.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kInlineBody = 16 * 1024;  ///< Larger bodies are not copied into the output buffer.
constexpr std::string_view kIdMember = ",\"request_id\":\"";

bool has_no_body(int status) {
  return status == 204 || status == 304;
}

std::size_t body_size_of(const ResponseView& r, std::string_view request_id) {
  if (has_no_body(r.status)) return 0;
  if (!r.is_error) return r.body.size();
  return 1 + r.body.size() + kIdMember.size() + request_id.size() + 2;
}

}  // namespace

void Connection::put_head(const ResponseView& r, std::size_t body_size, bool is_stream) {
  OutBuffer& out = loop_.out();
  if (HeadWriter::size_max(r) + cors_lines_.size() > out.room()) flush();
  HeadFacts facts;
  facts.request_id = exchange_.request_id();
  facts.keep_alive = !close_after_ && !is_stream;
  facts.is_http11 = http11_;
  facts.extra = cors_lines_;
  facts.is_stream = is_stream;
  facts.is_secure = exchange_.is_secure();
  loop_.heads().write(out, r, body_size, facts);
}

void Connection::put_body(const ResponseView& r) {
  OutBuffer& out = loop_.out();
  const bool by_copy = r.body.size() + 256 <= std::min(kInlineBody, out.room());
  if (r.is_error) {
    out.put("{");
    if (by_copy)
      out.put(r.body);
    else
      flush(r.shared_body, r.body);
    out.put(kIdMember);
    out.put(exchange_.request_id());
    out.put("\"}");
  } else if (by_copy) {
    out.put(r.body);
  } else {
    flush(r.shared_body, r.body);
  }
}

void Connection::respond(Exchange& x, const ResponseView& r) {
  if (!x.is_open()) return;
  if (r.headers.size() > Loop::kOutputBytes / 4)
    return x.respond(error(500, "internal_error", "The request could not be completed."));
  x.close();
  awaited_ = 0;
  on_answer_ = nullptr;
  if (!keep_alive_ || loop_.is_draining()) close_after_ = true;
  put_head(r, body_size_of(r, x.request_id()), false);
  if (!head_only_ && !has_no_body(r.status)) put_body(r);
  if (phase_ == Phase::closed)
    loop_.out().clear();  // The peer went away while this was written.
  else
    phase_ = Phase::reading;
  since_ = loop_.now();
  Answered answered{entry_,         method_,    r.status, loop_.shared().clock.steady() - x.arrival(),
                    x.request_id(), &x.client()};
  loop_.guards().answered(answered);
  cors_lines_.clear();
}

Later Connection::later(Exchange&) {
  awaited_ = loop_.new_token(slot_);
  on_answer_ = nullptr;
  return Later(loop_.mailbox(), awaited_);
}

AnswerTo Connection::await_answer(Exchange&, OnAnswer then) {
  awaited_ = loop_.new_token(slot_);
  on_answer_ = then;
  return {loop_.mailbox().get(), awaited_};
}

EventStream Connection::stream(Exchange& x, StreamOptions options) {
  reader_ = std::make_shared<StreamReader>(loop_.mailbox(), loop_.new_token(slot_), options.overflow,
                                           options.pending_bytes_max);
  EventStream handle(reader_);
  if (!x.is_open()) {
    reader_->set_gone();
    return handle;
  }
  x.close();
  awaited_ = 0;
  ResponseView head;
  head.content_type = "text/event-stream";
  const std::string lines = "X-Accel-Buffering: no\r\n" + options.headers;
  head.headers = lines;
  put_head(head, 0, true);
  loop_.guards().answered(
      {entry_, method_, 200, loop_.shared().clock.steady() - x.arrival(), x.request_id(), &x.client()});
  cors_lines_.clear();
  phase_ = Phase::streaming;
  progress_ = loop_.now();
  lingered_ = 0;
  on_stream_close_ = std::move(options.on_close);
  if (head_only_ || loop_.is_draining())
    close_after_ = true;
  else if (options.first)
    send_event(options.first);
  return handle;
}

void Connection::send_event(const EventStream::Text& event) {
  flush(event, *event);
  progress_ = loop_.now();
}

void Connection::on_news(StreamReader& reader) {
  if (phase_ != Phase::streaming || reader_.get() != &reader) return;
  if (!unsent_.empty()) {
    news_wait_ = true;  // Meanwhile events coalesce in the reader.
    return;
  }
  StreamReader::News news = reader.take();
  for (const auto& event : news.events) {
    send_event(event);
    if (phase_ != Phase::streaming) return;
  }
  if (news.close) close_after_ = true;
  settle();
}

void Connection::send_continue() {
  continue_sent_ = true;
  loop_.out().put("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::flush(std::shared_ptr<const std::string> more_shared, std::string_view more) {
  OutBuffer& out = loop_.out();
  std::string_view first{out.data(), out.size()};
  while (unsent_.empty() && phase_ != Phase::closed && first.size() + more.size() > 0) {
    const IoResult r = transport_.write(first.empty() ? more : first, first.empty() ? std::string_view{} : more);
    if (r.bytes == 0) {
      if (r.stop == IoStop::again) break;
      out.clear();
      return close();
    }
    progress_ = loop_.now();
    const std::size_t of_first = std::min(r.bytes, first.size());
    first.remove_prefix(of_first);
    more.remove_prefix(r.bytes - of_first);
  }
  if (phase_ != Phase::closed) {
    keep_unsent(first, nullptr);
    keep_unsent(more, std::move(more_shared));
  }
  out.clear();
}

void Connection::keep_unsent(std::string_view text, std::shared_ptr<const std::string> shared) {
  if (text.empty()) return;
  if (unsent_.empty()) progress_ = loop_.now();
  Unsent piece;
  if (shared && text.data() >= shared->data() && text.data() + text.size() == shared->data() + shared->size()) {
    piece.sent = shared->size() - text.size();
    piece.shared = std::move(shared);
  } else {
    piece.owned.assign(text);
  }
  unsent_.push_back(std::move(piece));
}

void Connection::write_unsent() {
  std::size_t done = 0;
  while (done < unsent_.size()) {
    Unsent& piece = unsent_[done];
    const IoResult r = transport_.write(piece.rest());
    if (r.bytes == 0) {
      if (r.stop != IoStop::again) return close();
      break;
    }
    progress_ = loop_.now();
    piece.sent += r.bytes;
    if (piece.rest().empty()) ++done;
  }
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(done));
  if (unsent_.empty() && news_wait_) {
    news_wait_ = false;
    on_news(*reader_);
  }
}

}  // namespace scalemart
