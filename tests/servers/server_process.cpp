#include "tests/servers/server_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <stdexcept>

namespace scalemart::test {
namespace {

constexpr int kMissing = 77;

struct Pipe {
  int ends[2];
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  }
};

}  // namespace

bool requires_all() {
  const char* value = std::getenv("SCALEMART_REQUIRE_ALL");
  return value != nullptr && std::string(value) == "1";
}

std::unique_ptr<ServerProcess> ServerProcess::start(const std::string& script,
                                                    const std::vector<std::string>& arguments) {
  const Pipe in, out;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  std::vector<std::string> words{"python3", std::string(SCALEMART_SOURCE_DIR) + "/tests/servers/" + script};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  std::unique_ptr<ServerProcess> server(new ServerProcess());
  const int failed = ::posix_spawnp(&server->pid_, "python3", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in.ends[0]);
  ::close(out.ends[1]);
  server->to_ = ::fdopen(in.ends[1], "w");
  server->from_ = ::fdopen(out.ends[0], "r");
  if (failed != 0) throw std::runtime_error("python3 cannot be started");

  server->announcement_ = server->read_line();
  if (!server->announcement_.empty()) return server;
  int status = 0;
  ::waitpid(server->pid_, &status, 0);
  server->pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kMissing) return nullptr;
  throw std::runtime_error(script + " did not start its server");
}

ServerProcess::~ServerProcess() {
  if (to_ != nullptr) std::fclose(to_);  // the end of its input is the end of the server
  if (from_ != nullptr) std::fclose(from_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

std::string ServerProcess::text(const std::string& member) const {
  return std::string(boost::json::parse(announcement_).as_object().at(member).as_string());
}

std::int64_t ServerProcess::number(const std::string& member) const {
  return boost::json::parse(announcement_).as_object().at(member).to_number<std::int64_t>();
}

void ServerProcess::command(const std::string& line) {
  std::fprintf(to_, "%s\n", line.c_str());
  std::fflush(to_);
  if (const std::string answer = read_line(); answer != "ok") throw std::runtime_error(line + ": " + answer);
}

std::string ServerProcess::read_line() {
  std::string line;
  for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_)) line += static_cast<char>(c);
  return line;
}

}  // namespace scalemart::test
