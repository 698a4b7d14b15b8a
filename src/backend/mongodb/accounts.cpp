#include "backend/mongodb/accounts.hpp"

#include <array>

#include "backend/mongodb/accounts_retry.hpp"
#include "backend/mongodb/indexes.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::chrono::milliseconds kPause{50};

/// Besides _id. Without the unique ones an address could be taken twice, or an entry be linked twice; without the
/// others everything would be slow.
constexpr std::array<Index, 12> kIndexes{{{"users", {"email_key"}, true},
                                          {"users", {"family_ids"}, false, true},
                                          {"users", {"families_end"}, false, true},
                                          {"users", {"pending"}, false, true},
                                          {"users", {"news"}, false, true},
                                          {"users", {"epoch_at"}, false, true},
                                          {"users", {"role"}},
                                          {"revoked", {"at"}},
                                          {"revoked", {"changed"}},
                                          {"revoked", {"pending"}, false, true},
                                          {"settings", {"pending"}, false, true},
                                          {"audit", {"entry"}, true}}};

}  // namespace

Result<std::unique_ptr<MongoAccounts>> MongoAccounts::open(Options options, const Clock& clock, Random& random) {
  auto client = Client::open(options.client);
  if (!client) return client.error();
  if (const auto ready = prepare_indexes(**client, kIndexes, options.create); !ready) return ready.error();
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
