#include "app/control_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "app/operations.hpp"

namespace scalemart {
namespace {
constexpr const char* kName = "control.sock";
}

std::filesystem::path control_socket_path(const std::filesystem::path& data_folder) {
  return data_folder / kName;
}

Result<ControlSocketName> ControlSocketName::in(const std::filesystem::path& data_folder) {
  const int fd = open(data_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return error(data_folder.string() + ": " + std::strerror(errno));
  return ControlSocketName(fd, "/proc/self/fd/" + std::to_string(fd) + "/" + kName);
}

ControlSocketName::ControlSocketName(ControlSocketName&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), text_(std::move(other.text_)) {}

ControlSocketName::~ControlSocketName() {
  if (fd_ >= 0) close(fd_);
}

ServerPresence server_presence(const std::filesystem::path& data_folder) {
  const auto name = ControlSocketName::in(data_folder);
  if (!name) return errno == EACCES ? ServerPresence::forbidden : ServerPresence::absent;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ServerPresence::absent;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, name->text().c_str(), sizeof address.sun_path - 1);
  const int code = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int fault = errno;
  close(fd);
  if (code == 0) return ServerPresence::running;
  return fault == EACCES || fault == EPERM ? ServerPresence::forbidden : ServerPresence::absent;
}

}  // namespace scalemart
