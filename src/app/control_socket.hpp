#pragma once
// The Unix socket through which a running server takes operators' commands: `control.sock` in the data
// folder.

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace scalemart {

/// Purpose: a name for the socket that fits sockaddr_un (107 bytes) however long the folder's path is: it
/// goes through /proc/self/fd. For bind() and connect() alike. Ownership: keeps the folder open; the name is
/// good as long as this lives.
class ControlSocketName {
 public:
  [[nodiscard]] static Result<ControlSocketName> in(const std::filesystem::path& data_folder);
  ControlSocketName(ControlSocketName&& other) noexcept;
  ControlSocketName& operator=(ControlSocketName&&) = delete;
  ~ControlSocketName();
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  ControlSocketName(int fd, std::string text) : fd_(fd), text_(std::move(text)) {}
  int fd_;
  std::string text_;
};

enum class ServerPresence : std::uint8_t { running, absent, forbidden };
/// Whether somebody accepts connections there.
[[nodiscard]] ServerPresence server_presence(const std::filesystem::path& data_folder);

}  // namespace scalemart
