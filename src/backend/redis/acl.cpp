#include "backend/redis/acl.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/hex.hpp"

namespace scalemart::redis {
namespace {

// What the client says itself: who is there (INFO), which node has the slot, live updates.
constexpr std::string_view kOfTheClient = "+info +ping +select +asking +cluster|slots +publish +subscribe +unsubscribe";

constexpr std::array<std::string_view, 30> kOfFunctions = {
    "bitfield",   "del",        "exists",  "hdel",          "hget",          "hgetall", "hincrby",  "hmget",
    "hset",       "mget",       "pexpire", "sadd",          "set",           "srem",    "time",     "xack",
    "xadd",       "xautoclaim", "xclaim",  "xdel",          "xgroup|create", "xlen",    "xpending", "xrange",
    "xreadgroup", "zadd",       "zcard",   "zrangebyscore", "zrem",          "zscore"};

// What Redis itself needs between master, replicas and Sentinels (its documentation of ACL says so).
constexpr std::string_view kOfReplicas = "+psync +replconf +ping";
constexpr std::string_view kOfSentinels =
    "allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname "
    "+client|kill +script|kill";

std::string common(const Keyspace& keys) {
  return "resetkeys ~" + keys.prefix + ":* resetchannels &" + keys.live_channel() + " -@all";
}

}  // namespace

std::span<const std::string_view> commands_of_functions() {
  return kOfFunctions;
}

std::string shop_rules(const Keyspace& keys) {
  std::string rules = common(keys) + " " + std::string(kOfTheClient);
  for (const std::string_view name : function_names()) {
    rules += name == "hello" ? " +fcall_ro|" : " +fcall|";
    rules += std::string(kLibrary) + "_" + std::string(name);
  }
  for (const std::string_view command : kOfFunctions) rules += " +" + std::string(command);
  return rules;
}

std::string setup_rules(const Keyspace& keys) {
  return common(keys) + " +info +ping +cluster|slots +function|load +function|list +fcall_ro|" + std::string(kLibrary) +
         "_hello";
}

std::string acl_file(const Keyspace& keys) {
  std::string text = "user default off resetpass resetkeys resetchannels -@all\n";
  const auto user = [&text](std::string_view name, const std::string& rules) {
    text += "user " + std::string(name) + " off resetpass " + rules + "\n";
  };
  user("scalemart", shop_rules(keys));
  user("scalemart-setup", setup_rules(keys));
  user("replica", "resetkeys resetchannels -@all " + std::string(kOfReplicas));
  user("sentinel", "resetkeys resetchannels -@all " + std::string(kOfSentinels));
  return text;
}

std::string password_rule(std::string_view password) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(password.data()), password.size(), hash.data());
  return "#" + to_hex(std::as_bytes(std::span(hash)));
}

}  // namespace scalemart::redis
