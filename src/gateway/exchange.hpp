#pragma once
// What a resource handler sees of one request: the question, and the ways to answer it.

#include <array>
#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "domain/principal.hpp"
#include "gateway/response.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };
inline constexpr int kMethodCount = 7;
[[nodiscard]] std::string_view to_text(Method method);

struct Route;
class Exchange;
class Later;
class EventStream;

struct NameValue {
  std::string_view name;
  std::string_view value;
};

/// How an event stream treats a reader that cannot keep up.
struct StreamOptions {
  /// keep_latest: an unsent event is replaced by the next one (state that supersedes itself).
  /// close: the reader is dropped once more than `pending_bytes_max` wait; it reconnects and resumes.
  enum class Overflow : std::uint8_t { keep_latest, close };
  Overflow overflow = Overflow::keep_latest;
  std::size_t pending_bytes_max = 64 * 1024;
  std::string headers;                       ///< Further complete lines of the head.
  std::shared_ptr<const std::string> first;  ///< Sent with the head, so that a new reader sees something at once.
  std::function<void()> on_close;            ///< On the connection's loop thread, exactly once.
};

/// Called on the loop's thread with the answer that await_answer() waits for.
using OnAnswer = void (*)(Exchange&, const Answer&);

/// Where the answer to one submitted command shall go (see port/sale_ledger.hpp).
struct AnswerTo {
  AnswerSink* sink = nullptr;
  std::uint64_t token = 0;
};

/// The connection behind an exchange. Handlers use Exchange; tests of handlers implement this.
class ExchangeHost {
 public:
  virtual ~ExchangeHost() = default;
  virtual void respond(Exchange& exchange, const ResponseView& response) = 0;
  virtual Later later(Exchange& exchange) = 0;
  virtual EventStream stream(Exchange& exchange, StreamOptions options) = 0;
  virtual AnswerTo await_answer(Exchange& exchange, OnAnswer then) = 0;
};

/// Purpose: one request on its way to one answer.
/// Concurrency: belongs to its connection's loop thread; only Later and EventStream may leave it.
/// Lifetimes: path, parameters, query, headers, body and json are views that end when the handler returns;
/// a handler that answers later copies what it needs. Method, route, principal, client, request id, arrival
/// and local<T>() stay until the answer.
/// Errors: a handler that returns without answering, and without later(), stream() or await_answer(), is a
/// bug and becomes a 500; so does one that throws.
class Exchange {
 public:
  static constexpr std::size_t kLocalBytes = 96;
  static constexpr std::size_t kRequestIdMax = 64;

  // --- the question -----------------------------------------------------------------------------------
  [[nodiscard]] Method method() const { return method_; }
  [[nodiscard]] std::string_view path() const { return path_; }  ///< Without the query.
  /// The template's n-th {name}, percent-decoded; never empty, no control characters.
  [[nodiscard]] std::string_view path_parameter(std::size_t n) const { return path_parameters_[n]; }
  /// Percent-decoded. The first one where a name repeats (the validated ones cannot).
  [[nodiscard]] std::optional<std::string_view> query(std::string_view name) const;
  /// Case-insensitive; empty when absent. The first one where a field repeats.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::string_view body() const { return body_; }
  /// Parsed and valid under the operation's schema; only for routes with Body::json.
  [[nodiscard]] const boost::json::value& json() const { return *json_; }
  [[nodiscard]] const IpAddress& client() const { return client_; }
  /// It came over TLS: to us, or to a trusted proxy that says so.
  [[nodiscard]] bool is_secure() const { return is_secure_; }
  [[nodiscard]] const std::optional<Principal>& principal() const { return principal_; }
  [[nodiscard]] std::string_view request_id() const { return {request_id_.data(), request_id_size_}; }
  [[nodiscard]] SteadyTime arrival() const { return arrival_; }
  [[nodiscard]] const Route& route() const { return *route_; }
  /// Which event loop this runs on, 0..threads-1: for objects that exist once per loop.
  [[nodiscard]] std::size_t loop() const { return loop_; }
  /// True until some answer was given or the peer went away.
  [[nodiscard]] bool is_open() const { return open_; }

  // --- the answer: exactly one of these, on the loop's thread -----------------------------------------
  void respond(const Response& response) { host_->respond(*this, response.view()); }
  /// The hot path: everything is copied out before the call returns.
  void respond(const ResponseView& response) { host_->respond(*this, response); }
  /// A handle to answer from any thread.
  [[nodiscard]] Later later();
  /// Turns the connection into an event stream (text/event-stream); the head is sent at once.
  [[nodiscard]] EventStream stream(StreamOptions options);
  /// For commands: `then` runs on this loop when the answer has come. The loop wakes up once for a whole
  /// batch of answers and nothing is allocated. If the command could not be submitted after all, just
  /// respond(). If the peer goes away meanwhile, `then` is not called.
  [[nodiscard]] AnswerTo await_answer(OnAnswer then) { return host_->await_answer(*this, then); }

  /// Room for what a handler must remember until its answer comes; starts as T{} at the first use.
  template <class T>
  [[nodiscard]] T& local() {
    static_assert(sizeof(T) <= kLocalBytes && alignof(T) <= alignof(std::max_align_t));
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    if (!local_used_) {
      local_used_ = true;
      return *new (static_cast<void*>(local_.data())) T{};
    }
    return *std::launder(reinterpret_cast<T*>(local_.data()));
  }

  // --- for the connection, and for tests of handlers --------------------------------------------------
  struct Question {
    Method method = Method::get;
    std::string_view path;
    std::span<const std::string_view> path_parameters;
    std::span<const NameValue> query;
    std::span<const NameValue> headers;
    std::string_view body;
  };
  struct Origin {
    std::string_view request_id;  ///< At most kRequestIdMax.
    IpAddress client;
    SteadyTime arrival{};
    std::size_t loop = 0;
    bool is_secure = false;
  };
  void begin(ExchangeHost& host, const Question& question, const Origin& origin);
  void set_route(const Route& route, std::span<const std::string_view> path_parameters) {
    route_ = &route;
    path_parameters_ = path_parameters;
  }
  void set_principal(const Principal& principal) { principal_ = principal; }
  void set_json(const boost::json::value* json) { json_ = json; }
  void set_query(std::span<const NameValue> query) { query_ = query; }
  [[nodiscard]] std::span<const NameValue> query_parameters() const { return query_; }
  /// The views end here.
  void end_question();
  void close() { open_ = false; }

 private:
  ExchangeHost* host_ = nullptr;
  const Route* route_ = nullptr;
  const boost::json::value* json_ = nullptr;
  std::string_view path_;
  std::string_view body_;
  std::span<const std::string_view> path_parameters_;
  std::span<const NameValue> query_;
  std::span<const NameValue> headers_;
  SteadyTime arrival_{};
  std::optional<Principal> principal_;
  IpAddress client_;
  std::size_t loop_ = 0;
  Method method_ = Method::get;
  bool open_ = false;
  bool is_secure_ = false;
  bool local_used_ = false;
  std::uint8_t request_id_size_ = 0;
  std::array<char, kRequestIdMax> request_id_{};
  alignas(std::max_align_t) std::array<std::byte, kLocalBytes> local_{};
};

/// Purpose: the right to answer one request from any thread.
/// Concurrency: move-only, one owner at a time; respond() hands the answer to the connection's loop.
/// Errors: destroyed without an answer: 503, who was asked had none. Connection gone: the answer is ignored.
class Later {
 public:
  class Target {
   public:
    virtual ~Target() = default;
    virtual void complete(std::uint64_t token, Response&& response) noexcept = 0;
  };

  Later() = default;
  Later(std::shared_ptr<Target> target, std::uint64_t token) : target_(std::move(target)), token_(token) {}
  Later(Later&& other) noexcept = default;
  Later& operator=(Later&& other) noexcept;
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;
  ~Later();

  void respond(Response response) noexcept;
  [[nodiscard]] explicit operator bool() const { return target_ != nullptr; }

 private:
  std::shared_ptr<Target> target_;
  std::uint64_t token_ = 0;
};

/// Purpose: one reader of a live stream.
/// Concurrency: copyable, every call from any thread, never blocks. The text of an event is formatted once
/// and shared by all its readers.
class EventStream {
 public:
  using Text = std::shared_ptr<const std::string>;
  class Target {
   public:
    virtual ~Target() = default;
    /// False: the reader is gone.
    virtual bool send(Text event) noexcept = 0;
    virtual void close() noexcept = 0;
  };

  EventStream() = default;
  explicit EventStream(std::shared_ptr<Target> target) : target_(std::move(target)) {}

  /// `event` is the complete text, "event: stock\ndata: {...}\n\n". False: the reader is gone, forget it.
  bool send(Text event) const noexcept { return target_ && target_->send(std::move(event)); }
  /// Ends the stream after what was sent.
  void close() const noexcept {
    if (target_) target_->close();
  }
  [[nodiscard]] explicit operator bool() const { return target_ != nullptr; }

 private:
  std::shared_ptr<Target> target_;
};

/// "event: NAME\nid: ID\ndata: JSON\n\n". `id` may be empty; `data` must be one line.
[[nodiscard]] EventStream::Text event_text(std::string_view name, std::string_view data, std::string_view id = {});

}  // namespace scalemart
