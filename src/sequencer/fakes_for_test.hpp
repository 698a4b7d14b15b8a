#pragma once
// For tests: a journal and a snapshot store in memory that can be told what to do, and sinks that remember.

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "port/journal.hpp"
#include "port/sale_ledger.hpp"
#include "port/snapshot_store.hpp"

namespace scalemart::test {

class FakeJournal final : public Journal {
 public:
  struct Batch {
    std::vector<Record> records;
    bool for_release;
  };
  Appended append(std::span<const Record> records, bool for_release) override {
    if (on_append) on_append();
    if (no_space > 0 && !(for_release && reserve)) {
      --no_space;
      return Appended::no_space;
    }
    batches.push_back({{records.begin(), records.end()}, for_release});
    head_.sequence = records.back().sequence;
    head_.hash[0] = static_cast<std::byte>(head_.sequence);
    return Appended::durable;
  }
  [[nodiscard]] JournalHead head() const override { return head_; }
  Result<void> replay(Sequence after, const ChainHash& known,
                      const std::function<void(const Record&)>& visit) override {
    if (after > head_.sequence) return error("records are missing");
    if (after > 0 && known[0] != static_cast<std::byte>(after)) return error("is not the one known from before");
    for (const Batch& batch : batches)
      for (const Record& record : batch.records)
        if (record.sequence > after) visit(record);
    return {};
  }
  Result<Sequence> read(Sequence after, std::size_t, const std::function<void(const Record&)>& visit) override {
    static_cast<void>(replay(after, {static_cast<std::byte>(after)}, visit));
    return head_.sequence;
  }
  [[nodiscard]] bool has_room_for_buys() const noexcept override { return room; }

  std::vector<Batch> batches;
  std::function<void()> on_append;
  bool room = true;
  int no_space = 0;     ///< So many appends fail.
  bool reserve = true;  ///< But not those for release.

 private:
  JournalHead head_;
};

class FakeSnapshots final : public SnapshotStore {
 public:
  struct Stored {
    JournalHead at;
    std::vector<std::vector<std::byte>> blocks;
  };
  Result<void> write(const JournalHead& at, const std::function<Result<void>(const Sink&)>& produce) override {
    Stored stored{at, {}};
    auto done = produce([&](std::span<const std::byte> block) -> Result<void> {
      stored.blocks.emplace_back(block.begin(), block.end());
      return {};
    });
    const std::lock_guard guard(mutex);
    all[at.sequence] = std::move(stored);
    return done;
  }
  [[nodiscard]] std::vector<Sequence> list() const override {
    std::vector<Sequence> sequences;
    for (const auto& [sequence, stored] : all) sequences.insert(sequences.begin(), sequence);
    return sequences;
  }
  [[nodiscard]] Result<std::unique_ptr<Reader>> open(Sequence sequence) override {
    class InMemory final : public Reader {
     public:
      explicit InMemory(const Stored& stored) : stored_(stored) {}
      [[nodiscard]] const JournalHead& at() const override { return stored_.at; }
      [[nodiscard]] Result<std::span<const std::byte>> next() override {
        if (used_ == stored_.blocks.size()) return std::span<const std::byte>();
        return std::span<const std::byte>(stored_.blocks[used_++]);
      }

     private:
      const Stored& stored_;
      std::size_t used_ = 0;
    };
    return std::unique_ptr<Reader>(std::make_unique<InMemory>(all.at(sequence)));
  }
  std::mutex mutex;
  std::map<Sequence, Stored> all;
};

class FakeSink final : public AnswerSink {
 public:
  void answers(std::span<const Item> items) noexcept override {
    const std::lock_guard guard(mutex);
    ++calls;
    all.insert(all.end(), items.begin(), items.end());
  }
  [[nodiscard]] std::vector<Outcome> outcomes() const {
    std::vector<Outcome> list;
    for (const Item& item : all) list.push_back(item.answer.outcome);
    return list;
  }
  std::mutex mutex;
  int calls = 0;
  std::vector<Item> all;
};

inline CreateProduct product(const char* id, std::int64_t total) {
  auto spec = std::make_shared<ProductSpec>();
  spec->id = id;
  spec->details.name = id;
  spec->terms.price = 100;
  return {std::move(spec), total};
}

inline Reserve buy(std::uint64_t order, std::uint64_t buyer = 0, std::uint32_t quantity = 1) {
  Reserve reserve;
  reserve.order = {1, order};
  reserve.buyer = {2, buyer == 0 ? order : buyer};
  reserve.quantity = quantity;
  reserve.hold_ms = 60'000;
  return reserve;
}

}  // namespace scalemart::test
