#pragma once
// A hash table cut into many small ones, so that growing never stops the sale for long.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.hpp"

namespace scalemart {

/// Purpose: 1024 tables side by side, chosen by the top bits of the hash; only one grows at a time.
/// Their shares of the keys are spread evenly (on a logarithmic scale) between s and 2s. Tables of equal
/// share would all double at the same moment; so they take turns, and memory grows smoothly with the number
/// of keys. Table: a boost::unordered_flat_set or _map. Hashes must be well mixed at the top.
template <class Table>
class Sharded {
 public:
  template <class... Functors>
  explicit Sharded(const Functors&... functors) {
    tables_.reserve(kTables);
    for (std::size_t i = 0; i < kTables; ++i) tables_.emplace_back(0, functors...);
  }

  [[nodiscard]] Table& of(std::size_t hash) { return tables_[pick()[hash >> kShift]]; }
  [[nodiscard]] const Table& of(std::size_t hash) const { return tables_[pick()[hash >> kShift]]; }

  /// Afterwards `more` insertions under this hash cannot fail. Growing hashes every key again:
  /// `prefetch(value)` is called for all of them first, for keys that are kept elsewhere.
  template <class Prefetch>
  void make_room(std::size_t hash, std::size_t more, const Prefetch& prefetch) {
    Table& table = of(hash);
    if (table.max_load() - table.size() >= more) [[likely]]
      return;
    for (const auto& value : table) prefetch(value);
    table.reserve(table.size() + more);
  }
  void make_room(std::size_t hash, std::size_t more = 1) {
    make_room(hash, more, [](const auto&) {});
  }
  /// Before `keys` insertions of any hashes into an empty table, to save the growing.
  void expect(std::size_t keys) {
    std::array<std::size_t, kTables> share{};
    for (const std::uint16_t table : pick()) ++share[table];
    for (std::size_t i = 0; i < kTables; ++i)
      if (const std::size_t mine = keys * share[i] / kSlices; mine > 0) tables_[i].reserve(mine);
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const Table& table : tables_) sum += table.size();
    return sum;
  }

 private:
  static constexpr std::size_t kTables = 1024;
  static constexpr std::size_t kSlices = 4096;
  static constexpr int kShift = 64 - 12;

  static const std::array<std::uint16_t, kSlices>& pick() {
    static const std::array<std::uint16_t, kSlices> table = [] {
      std::array<std::uint16_t, kSlices> t{};
      for (std::size_t i = 0; i < kSlices; ++i)
        t[i] = static_cast<std::uint16_t>(std::log2(1.0 + static_cast<double>(i) / kSlices) * kTables);
      return t;
    }();
    return table;
  }

  std::vector<Table> tables_;
};

}  // namespace scalemart
