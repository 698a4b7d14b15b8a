#include "backend/mongodb/indexes.hpp"

namespace scalemart::mongo {
namespace {

constexpr int kNoSuchCollection = 26;

std::string name_of(const Index& index) {
  std::string name;
  for (const char* key : index.keys)
    if (key != nullptr) name += (name.empty() ? "" : "_") + std::string(key);
  return name;
}

Reply<void> make(Client& client, const Index& index) {
  std::vector<Document> specs(1);
  Document keys, command;
  for (const char* key : index.keys)
    if (key != nullptr) keys.add(key, std::int32_t{1});
  specs[0].add("name", name_of(index)).add("key", keys);
  if (index.unique) specs[0].add("unique", true);
  if (index.sparse) specs[0].add("sparse", true);
  command.add("createIndexes", index.collection).add("indexes", specs);
  const auto made = client.run(command);
  if (!made) return made.error();
  return {};
}

bool is_this(const Index& index, const Reading& found) {
  const Reading key = found.document("key");
  for (const char* wanted : index.keys)
    if (wanted != nullptr && !key.has(wanted)) return false;
  return !index.unique || (found.has("unique") && found.flag("unique"));
}

Reply<bool> is_there(Client& client, const Index& index) {
  Document command;
  command.add("listIndexes", index.collection);
  const auto listed = client.run(command);
  if (!listed && listed.error().code == kNoSuchCollection) return false;
  if (!listed) return listed.error();
  for (const Reading& each : listed->document("cursor").documents("firstBatch"))
    if (is_this(index, each)) return true;
  return false;
}

}  // namespace

Result<void> prepare_indexes(Client& client, std::span<const Index> indexes, bool create) {
  try {
    for (const Index& index : indexes) {
      if (create)
        if (const auto made = make(client, index); !made) return to_error(made.error());
      const auto there = is_there(client, index);
      if (!there) return to_error(there.error());
      if (!*there)
        return error(std::string("MongoDB: the ") + (index.unique ? "unique " : "") + "index on " + index.collection +
                     " (" + name_of(index) + ") is missing: start the program once as somebody who may create it");
    }
  } catch (const Malformed& fault) {
    return error(std::string("MongoDB: the server's answer is not understood: ") + fault.what());
  }
  return {};
}

}  // namespace scalemart::mongo
