#pragma once
// Servers for tests in C++: the python programs of this folder start, obey and clean up.

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace scalemart::test {

/// A server that a program of tests/servers/ started. It ends with this object, and with this process.
class ServerProcess {
 public:
  /// nullptr: the server's package is not installed; a reason is on stderr. Any other failure ends the test program.
  [[nodiscard]] static std::unique_ptr<ServerProcess> start(const std::string& script,
                                                            const std::vector<std::string>& arguments = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// A text member of the line of JSON that the program printed at its start.
  [[nodiscard]] std::string text(const std::string& member) const;
  [[nodiscard]] std::int64_t number(const std::string& member) const;
  /// Sends one command line and waits for its answer, which must be "ok".
  void command(const std::string& line);

 private:
  ServerProcess() = default;
  [[nodiscard]] std::string read_line();

  pid_t pid_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
  std::string announcement_;
};

/// True: tests may not skip what they have no server for (SCALEMART_REQUIRE_ALL=1).
[[nodiscard]] bool requires_all();

}  // namespace scalemart::test
