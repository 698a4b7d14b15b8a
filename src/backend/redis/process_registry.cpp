#include "backend/redis/process_registry.hpp"

namespace scalemart {

Result<std::optional<std::string>> RedisRegistry::beat(std::string_view name, std::string_view view,
                                                       std::chrono::milliseconds remembered,
                                                       std::chrono::milliseconds within) {
  const redis::NumberText ms(remembered.count());
  const auto reply = functions_.call("process_beat", base_, {name, view, ms}, functions_.clock().steady() + within);
  if (!reply) return error(reply.error().why);
  if (reply->value().is_nil()) return std::optional<std::string>();
  return std::optional(std::string(reply->value().text()));
}

Result<std::vector<RedisRegistry::Entry>> RedisRegistry::list(std::chrono::milliseconds within) {
  const auto reply = functions_.call("processes", base_, {}, functions_.clock().steady() + within);
  if (!reply) return error(reply.error().why);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i + 1 < reply->value().size(); i += 2)
    entries.push_back({std::string(reply->value()[i].text()), std::string(reply->value()[i + 1].text())});
  return entries;
}

Result<bool> RedisRegistry::wish(std::string_view name, std::string_view text, std::chrono::milliseconds within) {
  const auto reply = functions_.call("wish", base_, {name, text}, functions_.clock().steady() + within);
  if (!reply) return error(reply.error().why);
  return reply->value().integer().value_or(0) == 1;
}

}  // namespace scalemart
