#include "backend/mongodb/accounts.hpp"

#include <array>

#include "backend/mongodb/accounts_retry.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::chrono::milliseconds kPause{50};

struct Index {
  const char* collection;
  const char* key;
  bool unique = false;
};
/// Besides _id. Sparse: most documents have none of these members. Without the unique ones an address could be taken
/// twice, or an entry be linked twice; without the others everything would be slow.
constexpr std::array<Index, 12> kIndexes{{{"users", "email_key", true},
                                          {"users", "family_ids"},
                                          {"users", "families_end"},
                                          {"users", "pending"},
                                          {"users", "news"},
                                          {"users", "epoch_at"},
                                          {"users", "role"},
                                          {"revoked", "at"},
                                          {"revoked", "changed"},
                                          {"revoked", "pending"},
                                          {"settings", "pending"},
                                          {"audit", "entry", true}}};

Reply<void> make_index(Client& client, const Index& index) {
  std::vector<Document> specs(1);
  Document key, command;
  key.add(index.key, std::int32_t{1});
  specs[0].add("name", index.key).add("key", key).add("sparse", !index.unique);
  if (index.unique) specs[0].add("unique", true);
  command.add("createIndexes", index.collection).add("indexes", specs);
  const auto made = client.run(command);
  if (!made) return made.error();
  return {};
}

Reply<bool> has_index(Client& client, const Index& index) {
  Document command;
  command.add("listIndexes", index.collection);
  const auto listed = client.run(command);
  constexpr int kNoSuchCollection = 26;
  if (!listed && listed.error().code == kNoSuchCollection) return false;
  if (!listed) return listed.error();
  for (const Reading& each : listed->document("cursor").documents("firstBatch")) {
    const Reading key = each.document("key");
    if (key.has(index.key) && (!index.unique || (each.has("unique") && each.flag("unique")))) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<MongoAccounts>> MongoAccounts::open(Options options, const Clock& clock, Random& random) {
  auto client = Client::open(options.client);
  if (!client) return client.error();
  try {
    for (const Index& index : kIndexes) {
      if (options.create)
        if (const auto made = make_index(**client, index); !made) return to_error(made.error());
      const auto has = has_index(**client, index);
      if (!has) return to_error(has.error());
      if (!*has)
        return error("MongoDB: the " + std::string(index.unique ? "unique " : "") + "index on " + index.collection +
                     "." + index.key + " is missing: start the program once as somebody who may create it");
    }
  } catch (const Malformed& fault) {
    return error("MongoDB: the server's answer is not understood: " + std::string(fault.what()));
  }
  return std::unique_ptr<MongoAccounts>(new MongoAccounts(std::move(*client), clock, random));
}

MongoAccounts::MongoAccounts(std::unique_ptr<Client> client, const Clock& clock, Random& random)
    : client_(std::move(client)), clock_(clock), random_(random) {}

void MongoAccounts::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
}

bool MongoAccounts::pause() {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, kPause, [this] { return stopping_; });
}

std::string MongoAccounts::next_id() {
  const std::lock_guard lock(ids_mutex_);
  auto id = new_ulid<decltype(last_id_)>(clock_.wall(), random_);
  // In one millisecond, or when the clock goes back: behind the last one.
  if (id <= last_id_) {
    id = last_id_;
    if (++id.lo == 0) ++id.hi;
  }
  last_id_ = id;
  return to_string(id);
}

std::optional<Note> MongoAccounts::note_of(const AuditEntry& entry) {
  if (entry.what.empty()) return std::nullopt;
  return Note{next_id(), entry};
}

MongoAccounts::Changed MongoAccounts::change_user(const std::function<Document()>& filter, const Decide& decide,
                                                  SteadyTime until) {
  const std::string request = next_id();
  Changed changed;
  // True: it is over. False: somebody else was faster.
  const auto attempt = [&]() -> Reply<bool> {
    const auto found = client_->find_one("users", filter());
    if (!found) return found.error();
    changed.how = Changed::How::nobody;
    if (!*found) return true;
    UserDocument& user = changed.user = UserDocument::read(**found);
    changed.how = Changed::How::done;
    if (const Answered* before = user.answer_of(request)) {
      changed.outcome = before->outcome;
      return true;
    }
    const Decision decision = decide(user);
    changed.outcome = decision.outcome;
    if (!decision.change) changed.how = Changed::How::kept;
    if (!decision.change) return true;
    Document condition;
    condition.add("_id", to_string(user.account.id)).add("version", user.version);
    ++user.version;
    if (user.answered.size() == kAnsweredMax) user.answered.erase(user.answered.begin());
    user.answered.push_back({request, decision.outcome});
    const auto written = client_->update("users", condition, user.update(decision.news));
    if (!written) return written.error();
    return *written == 1;
  };
  for (;;) {
    const auto over = patiently(attempt, until);
    if (over && *over) return changed;
    if (over && clock_.steady() < until) continue;
    changed.how = !over && over.error().code == kOutOfDiskSpace ? Changed::How::no_space : Changed::How::unavailable;
    return changed;
  }
}

}  // namespace scalemart::mongo
