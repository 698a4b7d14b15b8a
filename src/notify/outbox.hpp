#pragma once
// Everybody who is told of what happens in the shop, on a thread of its own.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "notify/outlet.hpp"
#include "port/outbox_store.hpp"
#include "port/shop_facts.hpp"

namespace scalemart {

/// Purpose: brings facts of the journal to receivers, at least once each, and remembers how far each is. Operation: a
/// thread reads the journal a little at a time for who has room (nothing at all while nobody is interested), begins
/// deliveries, and writes down what became of them a few times a second. Concurrency: everything from any thread;
/// Receiver's functions are called with the outbox's lock held, so they do not call it back. Errors: a store that
/// cannot be written to stops deliveries, for what is not remembered would be delivered for ever.
class Outbox {
 public:
  struct Receiver {
    std::function<std::vector<Letter>(const ShopFact&)> events;
    /// Begins a delivery. `done` is called once, on any thread, or at once.
    std::function<void(const Letter&, std::function<void(DeliveryResult)> done)> deliver;
    /// It was given up, and is not called any more.
    std::function<void(const std::string& why)> disabled;
    std::function<void(const Letter&, const DeliveryResult&)> on_attempt = {};  ///< For metrics.
    std::function<void(const Letter&)> on_dead = {};                            ///< It was given up.
    std::optional<OutletSettings> settings = {};                                ///< Instead of the outbox's.
  };
  struct Options {
    OutletSettings outlet;
    std::size_t read_records = 512;             ///< At a time.
    std::chrono::milliseconds poll{50};         ///< Between looks at the journal.
    std::chrono::milliseconds save_every{200};  ///< So much is delivered again after a crash.
    std::function<bool()> is_busy;              ///< A storm of buys: read a little later.
    std::function<bool()> has_room;  ///< False: the disk is nearly full, so wait. Empty: always.
    std::function<void(const std::string& line)> on_note;
  };

  Outbox(ShopFacts& facts, OutboxStore& store, const Clock& clock, Random& random, Options options);
  ~Outbox();

  void start();
  /// What is under way is not waited for: it is delivered again. Idempotent.
  void stop();

  /// A name that was never there begins at the journal's end; disabled, if there is a reason for that.
  [[nodiscard]] Result<void> open(const std::string& name, Receiver receiver, const std::string& disabled_if_new = {});
  /// `forget`: also how far it was.
  [[nodiscard]] Result<void> close(const std::string& name, bool forget);
  void enable(const std::string& name);
  void disable(const std::string& name, const std::string& why);

  struct View {
    OutletPlace place;
    std::vector<Letter> letters;
    std::vector<Letter> recent;
    std::string problem;
  };
  [[nodiscard]] std::optional<View> view(const std::string& name) const;
  [[nodiscard]] Result<std::vector<Letter>> dead(const std::string& name, std::size_t limit);
  [[nodiscard]] std::uint64_t dead_count(const std::string& name);
  [[nodiscard]] Result<std::uint64_t> retry(const std::string& name, const std::string& key);

 private:
  struct Entry {
    Receiver receiver;
    Outlet outlet;
    std::uint64_t generation = 0;         ///< Tells results of one that was closed and opened again apart.
    std::optional<OutletChange> unsaved;  ///< The store did not take it yet.
  };
  struct Ended {
    std::string name;
    std::uint64_t generation = 0;
    Letter event;
    DeliveryResult result;
  };

  void run();
  void take_results();
  void read_for(Entry& entry);
  void begin_deliveries(const std::string& name, Entry& entry);
  [[nodiscard]] bool save(const std::string& name, Entry& entry);
  void judge(Entry& entry);
  void note(const std::string& line);

  ShopFacts& facts_;
  OutboxStore& store_;
  const Clock& clock_;
  Random& random_;
  const Options options_;

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  ///< Guarded by mutex_, as the outlets are.
  std::uint64_t generations_ = 0;         ///< Guarded by mutex_.
  std::string last_note_;                 ///< Guarded by mutex_.
  bool store_failed_ = false;             ///< Guarded by mutex_.
  SteadyTime saved_{};                    ///< Guarded by mutex_.

  /// Of deliveries that may end after this is gone.
  struct Inbox {
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<Ended> ended;
    bool stopping = false;
  };
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::thread thread_;
};

}  // namespace scalemart
