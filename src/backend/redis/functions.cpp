#include "backend/redis/functions.hpp"

#include <openssl/sha.h>

#include <array>

#include "base/embedded_file.hpp"
#include "base/hex.hpp"

namespace scalemart {
std::span<const EmbeddedFile> redis_files();
}

namespace scalemart::redis {
namespace {

constexpr std::string_view kPlaceholder = "@DIGEST@";
constexpr std::array<std::string_view, 19> kFunctions = {
    "hello",  "screen",   "settle", "rebuild", "publish", "remember",     "limit",     "enqueue", "lease",      "renew",
    "finish", "put_back", "look",   "trace",   "pause",   "process_beat", "processes", "wish",    "clear_check"};

std::string_view file() {
  return redis_files().front().content();
}

bool is_missing(const Failure& failure) {
  return failure.kind == Failure::Kind::refused && failure.why.find("Function not found") != std::string::npos;
}

bool is_forbidden(const Failure& failure) {
  return failure.kind == Failure::Kind::refused && failure.why.starts_with("NOPERM");
}

Failure how_to_load(const std::string& where, const std::string& why) {
  return {Failure::Kind::refused, where + ": the function library " + std::string(kLibrary) + " " + library_digest() +
                                      " is not loaded and this user may not load it (" + why +
                                      "): load it with an administrator's user (scalemart redis load), and let Redis "
                                      "keep it on disk (appendonly yes)"};
}

}  // namespace

const std::string& library_digest() {
  static const std::string digest = [] {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(file().data()), file().size(), hash.data());
    return to_hex(std::as_bytes(std::span(hash)).first(8));
  }();
  return digest;
}

const std::string& library_source() {
  static const std::string source = [] {
    std::string text(file());
    text.replace(text.find(kPlaceholder), kPlaceholder.size(), library_digest());
    return text;
  }();
  return source;
}

std::span<const std::string_view> function_names() {
  return kFunctions;
}

Answered<void> ensure_library(Connection& server, SteadyTime deadline) {
  const std::string hello = std::string(kLibrary) + "_hello";
  auto said = server.call(Command{"FCALL_RO", hello, "0"}, deadline);
  if (said && said->value().text() == library_digest()) return boost::system::in_place_value;
  if (!said && is_forbidden(said.error()))
    return Failure{Failure::Kind::refused, server.endpoint().text() + ": " + said.error().why +
                                               "; give the user the rights of deploy/redis/users.acl"};
  if (!said && !is_missing(said.error())) return said.error();
  auto loaded = server.call(Command{"FUNCTION", "LOAD", "REPLACE", library_source()}, deadline);
  if (loaded) return boost::system::in_place_value;
  if (is_forbidden(loaded.error())) return how_to_load(server.endpoint().text(), loaded.error().why);
  return loaded.error();
}

Answered<Reply> Functions::call(std::string_view name, std::string_view base, const Command& arguments,
                                SteadyTime deadline) {
  const std::string function = std::string(kLibrary) + "_" + std::string(name);
  command_ = {"FCALL", function, "1", base};
  command_.insert(command_.end(), arguments.begin(), arguments.end());
  auto reply = client_.call(base, command_, deadline);
  if (reply || !is_missing(reply.error())) return reply;
  // The server of this key has lost its functions.
  auto loaded = client_.call(base, Command{"FUNCTION", "LOAD", "REPLACE", library_source()}, deadline);
  if (!loaded && is_forbidden(loaded.error())) return how_to_load(client_.address().text(), loaded.error().why);
  if (!loaded) return loaded;
  return client_.call(base, command_, deadline);
}

}  // namespace scalemart::redis
