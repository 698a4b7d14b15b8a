#pragma once
// The answers of one round, sorted by who waits for them.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "port/sale_ledger.hpp"

namespace scalemart {

/// Purpose: collects answers and hands them out, one call per sink, in the order they were decided.
/// Concurrency: one thread. Memory is kept from round to round.
class AnswerBatch {
 public:
  void add(AnswerSink* sink, std::uint64_t token, const Answer& answer) {
    if (sink == nullptr) return;
    if (sink != last_sink_) {
      last_ = place_of(sink);
      last_sink_ = sink;
    }
    lists_[last_].items.push_back({token, answer});
  }

  void hand_out() noexcept {
    for (std::size_t i = 0; i < used_; ++i) {
      lists_[i].sink->answers(lists_[i].items);
      lists_[i].items.clear();
    }
    places_.clear();
    used_ = 0;
    last_sink_ = nullptr;
  }

 private:
  struct List {
    AnswerSink* sink = nullptr;
    std::vector<AnswerSink::Item> items;
  };
  std::size_t place_of(AnswerSink* sink) {
    const auto [found, is_new] = places_.try_emplace(sink, used_);
    if (is_new) {
      if (used_ == lists_.size()) lists_.emplace_back();
      lists_[used_++].sink = sink;
    }
    return found->second;
  }

  std::vector<List> lists_;  ///< The first used_ are this round's.
  std::size_t used_ = 0;
  boost::unordered_flat_map<AnswerSink*, std::size_t> places_;
  AnswerSink* last_sink_ = nullptr;
  std::size_t last_ = 0;
};

}  // namespace scalemart
