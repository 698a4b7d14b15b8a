#include "backend/mongodb/record.hpp"

#include <array>

#include "backend/mongodb/indexes.hpp"
#include "backend/mongodb/server_probe.hpp"

namespace scalemart::mongo {
namespace {

/// Besides _id. Without the unique ones a key could be used twice, or a product be made twice; without the others
/// everything would be slow.
constexpr std::array<Index, 9> kIndexes{{{"orders", {"once"}, true, true},
                                         {"orders", {"buyer", "number"}},
                                         {"orders", {"product_id", "_id"}},
                                         {"orders", {"due", "due_no"}, false, true},
                                         {"orders", {"hold", "hold_no"}, false, true},
                                         {"orders", {"parked_no"}, false, true},
                                         {"products", {"slug"}, true},
                                         {"products", {"claimed"}, false, true},
                                         {"product_records", {"product", "_id"}}}};

RecordedBatch undone(Fate fate, std::string why) {
  RecordedBatch batch;
  batch.fate = fate;
  batch.why = std::move(why);
  return batch;
}

}  // namespace

Result<std::unique_ptr<MongoRecord>> MongoRecord::open(Options options, const Clock& clock) {
  auto client = Client::open(options.client);
  if (!client) return client.error();
  try {
    if (const auto fine = check_copies(**client, options.copies); !fine) return fine.error();
  } catch (const Malformed& fault) {
    return error(std::string("MongoDB: the server's answer is not understood: ") + fault.what());
  }
  if (const auto ready = prepare_indexes(**client, kIndexes, options.create); !ready) return ready.error();
  return std::unique_ptr<MongoRecord>(new MongoRecord(std::move(*client), clock, std::move(options.hook)));
}

void MongoRecord::heard(const std::optional<Failure>& failure) {
  if (failure && failure->kind == Failure::Kind::unsent)
    breaker_.failed(to_error(*failure).message);
  else
    breaker_.worked();
}

RecordedBatch MongoRecord::commit(std::span<const Command> commands, WallTime now, std::chrono::milliseconds within) {
  if (!breaker_.allows()) return undone(Fate::unavailable, breaker_.last_failure());
  BatchRun run({*client_, claims_, turns_, numbers_, clock_}, commands, now, clock_.steady() + within);
  try {
    const auto done = run.run();
    heard(done ? std::nullopt : std::optional(done.error()));
    if (done) return std::move(run).result();
    return undone(run.has_written() ? Fate::unknown : Fate::unavailable, to_error(done.error()).message);
  } catch (const Malformed& fault) {
    heard(std::nullopt);
    return undone(run.has_written() ? Fate::unknown : Fate::unavailable,
                  std::string("MongoDB: a document is damaged: ") + fault.what());
  }
}

}  // namespace scalemart::mongo
