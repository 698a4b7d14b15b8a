#include "app/control_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/control_requests.hpp"
#include "app/control_socket.hpp"
#include "app/control_stream.hpp"

namespace scalemart {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t kBodyMax = 256 * 1024;
constexpr int kBacklog = 16;

void answer(ControlStream& socket, unsigned version, const ControlAnswer& what, boost::system::error_code& failed) {
  http::response<http::string_body> response{static_cast<http::status>(what.status), version};
  response.set(http::field::content_type, "application/json; charset=utf-8");
  response.body() = what.body;
  response.keep_alive(true);
  response.prepare_payload();
  http::write(socket, response, failed);
}

/// Tokens leave as they are made. A failure in the middle ends the connection without the last chunk.
void stream_tokens(ControlStream& socket, Operations& operations, const SeedUsers& seed,
                   boost::system::error_code& failed) {
  boost::asio::write(socket,
                     boost::asio::buffer(std::string_view("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                                          "Transfer-Encoding: chunked\r\n\r\n")),
                     failed);
  std::string lines;
  const auto flush = [&] {
    if (!lines.empty() && !failed) boost::asio::write(socket, http::make_chunk(boost::asio::buffer(lines)), failed);
    lines.clear();
    return !failed;
  };
  const auto done = operations.seed_users(seed, [&](std::string_view token) {
    lines.append(token).push_back('\n');
    return lines.size() < 64 * 1024 || flush();
  });
  if (!flush() || !done) {
    failed = boost::asio::error::operation_aborted;
    return;
  }
  boost::asio::write(socket, http::make_chunk_last(), failed);
}

/// A worker leaves HTTP behind. True: the socket is not ours any more.
bool let_through(ControlStream& socket, const http::request<http::string_body>& request, bool has_more,
                 WorkerLinks* workers, boost::system::error_code& failed) {
  const auto refuse = [&](int status, const std::string& detail) {
    answer(socket, request.version(), {status, R"({"detail":")" + detail + "\"}"}, failed);
    return false;
  };
  if (workers == nullptr) return refuse(404, "there is no such control route");
  if (request[http::field::upgrade] != kWorkerProtocol || has_more)
    return refuse(426, "this server speaks " + std::string(kWorkerProtocol) + "; is the worker another version?");
  if (!workers->has_room()) return refuse(503, "as many workers are connected as can be");
  http::response<http::empty_body> response{http::status::switching_protocols, request.version()};
  response.set(http::field::connection, "Upgrade");
  response.set(http::field::upgrade, kWorkerProtocol);
  http::write(socket, response, failed);
  if (!failed) workers->enter(socket.release());
  return true;
}

void converse(ControlStream& socket, Operations& operations, WorkerLinks* workers) {
  boost::system::error_code failed;
  beast::flat_buffer buffer;
  while (!failed) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBodyMax);
    http::read(socket, buffer, parser, failed);
    if (failed) return;
    const auto& request = parser.get();
    if (request.method() == http::verb::get && request.target() == "/control/worker") {
      if (let_through(socket, request, buffer.size() > 0, workers, failed)) return;
      continue;
    }
    const ControlRequest question{std::string(request.method_string()), std::string(request.target()), request.body()};
    if (const auto seed = seed_request(question))
      stream_tokens(socket, operations, *seed, failed);
    else
      answer(socket, request.version(), carry_out(operations, question), failed);
    if (!request.keep_alive()) return;
  }
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::filesystem::path& data_folder,
                                                            Operations& operations, WorkerLinks* workers,
                                                            std::chrono::milliseconds patience) {
  auto name = ControlSocketName::in(data_folder);
  if (!name) return name.error();
  const std::filesystem::path path = control_socket_path(data_folder);
  ::unlink(path.c_str());  // the folder's lock is ours: whoever made it is gone
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, name->text().c_str(), sizeof address.sun_path - 1);
  const mode_t before = ::umask(0177);
  const bool bound = listener >= 0 &&
                     ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::listen(listener, kBacklog) == 0;
  const int reason = errno;
  ::umask(before);
  if (!bound) {
    if (listener >= 0) ::close(listener);
    return error("the control socket " + path.string() + " cannot be made: " + std::strerror(reason));
  }
  return std::unique_ptr<ControlServer>(new ControlServer(listener, path, operations, workers, patience));
}

ControlServer::ControlServer(int listener, std::filesystem::path socket, Operations& operations, WorkerLinks* workers,
                             std::chrono::milliseconds patience)
    : listener_(listener),
      wake_(::eventfd(0, EFD_CLOEXEC)),
      socket_(std::move(socket)),
      operations_(operations),
      workers_(workers),
      patience_(patience),
      thread_([this] { run(); }) {}

ControlServer::~ControlServer() {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0) std::abort();  // an eventfd that takes no count: nothing can be right
  thread_.join();
  ::close(listener_);
  ::close(wake_);
  ::unlink(socket_.c_str());
}

void ControlServer::run() {
  for (;;) {
    std::array<pollfd, 2> ready{pollfd{listener_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
    if (ready[1].revents != 0) return;
    if ((ready[0].revents & POLLIN) == 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    ControlStream socket(fd, wake_, patience_);
    converse(socket, operations_, workers_);
  }
}

}  // namespace scalemart
