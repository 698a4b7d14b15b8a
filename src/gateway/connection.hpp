#pragma once
// One client connection: reads requests, has them answered one after the other, writes.
//
// Operation: a request is read into the loop's shared buffer and usually answered from there; only what is
// incomplete, or waits behind a request in progress, moves to memory of the connection's own. So an idle
// connection costs a few hundred bytes, and the hot buffers stay in the cache. Requests of one connection are
// answered strictly in order, and none is begun while the peer does not read.
// Concurrency: everything on its loop's thread.
// Bounds: input is at most one request and what came with it; output is one answer, or the events a stream
// may hold back; every phase has a deadline.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/event_stream.hpp"
#include "gateway/exchange.hpp"
#include "gateway/parser.hpp"
#include "gateway/transport.hpp"
#include "gateway/wheel.hpp"

namespace scalemart {

class Loop;
struct Passage;
struct RouteEntry;

class Connection final : public ExchangeHost, public WheelEntry {
 public:
  struct Peer {
    IpAddress address;
    bool exempt = false;       ///< From the per-address cap.
    bool health_only = false;  ///< Let in above the cap.
  };
  /// `slot` is where the loop keeps it.
  Connection(Loop& loop, int fd, SslHandle ssl, const Peer& peer, std::uint32_t slot);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // --- from the loop ----------------------------------------------------------------------------------
  void on_ready(std::uint32_t epoll_events);
  void on_deadline();
  void on_answer(std::uint64_t token, const Answer& answer);
  void on_completion(std::uint64_t token, const Response& response);
  void on_news(StreamReader& reader);
  /// Goes on where fairness made it stop.
  void go_on();
  void on_drain();
  void shed() { close(); }  ///< The loop cannot keep it.

  [[nodiscard]] int fd() const { return transport_.fd(); }
  [[nodiscard]] std::uint32_t slot() const { return slot_; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] bool is_closed() const { return phase_ == Phase::closed; }
  bool queued_again = false;  ///< The loop's: it stands in the list of those that go on.

  // --- ExchangeHost -----------------------------------------------------------------------------------
  void respond(Exchange& exchange, const ResponseView& response) override;
  [[nodiscard]] Later later(Exchange& exchange) override;
  [[nodiscard]] EventStream stream(Exchange& exchange, StreamOptions options) override;
  [[nodiscard]] AnswerTo await_answer(Exchange& exchange, OnAnswer then) override;

 private:
  enum class Phase : std::uint8_t {
    handshake,
    reading,  ///< Idle, or a request is coming in.
    busy,     ///< A handler has the request.
    streaming,
    lingering,  ///< Answered for the last time; what still comes is thrown away.
    closed
  };
  /// A piece of output the socket would not take yet.
  struct Unsent {
    std::shared_ptr<const std::string> shared;
    std::string owned;
    std::size_t sent = 0;
    [[nodiscard]] std::string_view rest() const { return std::string_view(shared ? *shared : owned).substr(sent); }
  };

  // Reading (connection.cpp)
  void read_some();
  void serve_own();
  /// Serves complete requests; returns how many bytes were used.
  std::size_t serve(char* data, std::size_t size);
  void keep_rest(char* data, std::size_t used, std::size_t size);
  [[nodiscard]] bool make_room();
  void run_request();
  void refuse(const ParseRefusal& refusal);
  void discard_input();
  void shake_hands();
  void choose_cors();
  [[nodiscard]] bool may_serve() const { return phase_ == Phase::reading && unsent_.empty() && !close_after_; }
  void drop_parser();
  void drop_buffer();

  // Writing (connection_write.cpp)
  void put_head(const ResponseView& response, std::size_t body_size, bool is_stream);
  void put_body(const ResponseView& response);
  /// Sends what the loop's output buffer holds, and then `more`.
  void flush(std::shared_ptr<const std::string> more_shared = nullptr, std::string_view more = {});
  void keep_unsent(std::string_view text, std::shared_ptr<const std::string> shared);
  void write_unsent();
  void send_event(const EventStream::Text& event);
  void send_continue();

  // Ending (connection_end.cpp)
  void end_orderly();
  void begin_linger();
  void close();
  void abort();
  void resume();  ///< After an answer that came later, or output that went.
  void settle();  ///< At the end of every turn: flush, deadline, close.
  [[nodiscard]] SteadyTime next_deadline() const;

  Loop& loop_;
  Transport transport_;
  Peer peer_;
  std::uint32_t slot_;
  Phase phase_ = Phase::reading;
  bool readable_ = false;
  bool peer_finished_ = false;  ///< Half-closed: nothing more will come.
  bool keep_alive_ = true;
  bool http11_ = true;
  bool head_only_ = false;
  bool close_after_ = false;  ///< Once everything is written.
  bool must_linger_ = false;  ///< Input may still come that nobody will read.
  bool continue_sent_ = false;
  bool news_wait_ = false;  ///< The stream has events, but the socket is full.
  Method method_ = Method::get;
  const RouteEntry* entry_ = nullptr;

  RequestParser* parser_ = nullptr;  ///< From the loop's pool, while a request is coming in.
  std::unique_ptr<char[]> own_;      ///< See keep_rest().
  std::size_t own_size_ = 0;
  std::size_t own_capacity_ = 0;
  std::vector<Unsent> unsent_;
  std::string cors_lines_;  ///< For every answer to this request; usually empty.

  Exchange exchange_;
  std::uint64_t awaited_ = 0;  ///< Token of what the request waits for; 0: nothing.
  OnAnswer on_answer_ = nullptr;
  std::shared_ptr<StreamReader> reader_;
  std::function<void()> on_stream_close_;

  SteadyTime since_{};     ///< When the current phase began: connected, head, body, busy, lingering.
  SteadyTime progress_{};  ///< When the peer last took output.
  std::size_t lingered_ = 0;
  bool in_head_ = false;  ///< since_ counts an unfinished head.
  bool in_body_ = false;  ///< since_ counts an unfinished body.
};

}  // namespace scalemart
