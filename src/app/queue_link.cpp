#include "app/queue_link.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "app/control_socket.hpp"
#include "app/operations.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
namespace http = boost::beast::http;
using Protocol = boost::asio::local::stream_protocol;

constexpr std::chrono::nanoseconds kFirstPause = 50ms;
constexpr std::chrono::nanoseconds kLongestPause = 2s;
constexpr std::chrono::nanoseconds kComplainAtMost = 1min;

/// "detail" of a control answer.
std::string detail_of(const std::string& body) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(body, failed);
  const auto* object = failed ? nullptr : value.if_object();
  const auto* detail = object != nullptr ? object->if_contains("detail") : nullptr;
  return detail != nullptr && detail->is_string() ? std::string(detail->as_string()) : std::string();
}

}  // namespace

QueueLink::QueueLink(Options options, Listener listener, const Clock& clock)
    : options_(std::move(options)), listener_(std::move(listener)), clock_(clock) {}

QueueLink::~QueueLink() {
  stop();
}

void QueueLink::start() {
  thread_ = std::thread([this] { run(); });
}

void QueueLink::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (socket_) socket_->close();
    if (asking_ >= 0) ::shutdown(asking_, SHUT_RDWR);
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<std::string> QueueLink::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

/// False: it is time to stop.
bool QueueLink::pause(std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, time, [this] { return stopping_; });
}

void QueueLink::run() {
  std::chrono::nanoseconds wait = kFirstPause;
  SteadyTime alone_since = clock_.steady();
  for (;;) {
    auto fd = connect();
    std::optional<std::string> hopeless;
    if (fd) {
      converse(*fd);
      wait = kFirstPause;
      alone_since = clock_.steady();
      complain_at_ = {};
      hopeless = listener_.fault();
    } else {
      complain(fd.error(), alone_since);
      if (fd.error().hopeless) hopeless = fd.error().reason;
      if (options_.patience.count() > 0 && clock_.steady() - alone_since >= options_.patience)
        hopeless = "gave up: " + fd.error().reason;
    }
    if (hopeless) {
      const std::lock_guard lock(mutex_);
      fault_ = std::move(hopeless);
      return;
    }
    // Workers that lost their server together do not come back together.
    const auto jitter = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(wait.count()) / 2 + 1));
    if (!pause(wait / 2 + std::chrono::nanoseconds(jitter))) return;
    wait = std::min(wait * 2, kLongestPause);
  }
}

/// At once, then more and more seldom.
void QueueLink::complain(const Setback& setback, SteadyTime alone_since) {
  const SteadyTime now = clock_.steady();
  if (setback.hopeless || now < complain_at_) return;
  complain_every_ = complain_at_ == SteadyTime{} ? std::chrono::nanoseconds(5s) : complain_every_ * 2;
  complain_every_ = std::min(complain_every_, kComplainAtMost);
  complain_at_ = now + complain_every_;
  log::warn("waiting_for_server", {{"data", options_.folder.string()},
                                   {"reason", setback.reason},
                                   {"seconds", std::chrono::duration<double>(now - alone_since).count()}});
}

/// A connection on which frames may follow. Waits its turn behind other commands of the server.
boost::system::result<int, QueueLink::Setback> QueueLink::connect() {
  auto name = ControlSocketName::in(options_.folder);
  if (!name) return Setback{name.error().message, errno == EACCES || errno == ENOTDIR};
  boost::asio::io_context context;
  Protocol::socket socket(context);
  boost::system::error_code failed;
  socket.connect(Protocol::endpoint(name->text()), failed);
  if (failed == boost::system::errc::permission_denied)
    return Setback{control_socket_path(options_.folder).string() + ": no permission; run as the server's user", true};
  if (failed) return Setback{"no server runs on this data folder"};
  const int fd = socket.native_handle();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Setback{"stopping"};
    asking_ = fd;
  }
  http::request<http::empty_body> request{http::verb::get, "/control/worker", 11};
  request.set(http::field::host, "localhost");
  request.set(http::field::connection, "Upgrade");
  request.set(http::field::upgrade, kWorkerProtocol);
  http::write(socket, request, failed);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> answer;
  if (!failed) http::read(socket, buffer, answer, failed);
  {
    const std::lock_guard lock(mutex_);
    asking_ = -1;
  }
  if (failed) return Setback{"the server on control.sock: " + failed.message()};
  if (answer.result() == http::status::switching_protocols && buffer.size() == 0) {
    // A second name of the connection, for Asio closes its own.
    const int kept = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (kept >= 0) return kept;
    return Setback{std::string("a file descriptor: ") + std::strerror(errno)};
  }
  const std::string detail = detail_of(answer.body());
  if (answer.result() == http::status::service_unavailable) return Setback{"the server: " + detail};
  return Setback{"the server does not take this worker (" + std::to_string(answer.result_int()) + "): " + detail, true};
}

void QueueLink::converse(int fd) {
  auto socket = std::make_shared<FrameSocket>(fd);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    socket_ = socket;
  }
  listener_.connected(socket);
  const std::string why = socket->run([this](frame::Message message, std::size_t) {
    listener_.received(std::move(message));
    return true;
  });
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    socket_.reset();
    stopping = stopping_;
  }
  listener_.disconnected();
  if (!stopping && !listener_.fault()) log::warn("server_lost", {{"reason", why}});
}

}  // namespace scalemart
