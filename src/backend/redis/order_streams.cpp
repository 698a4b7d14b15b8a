#include "backend/redis/order_streams.hpp"

#include <algorithm>

#include "backend/redis/wire.hpp"
#include "base/check.hpp"
#include "port/stock_filter.hpp"

namespace scalemart {
namespace {

using redis::NumberText;

constexpr std::array<std::string_view, kLaneCount> kLaneNames = {"sale", "paper"};
constexpr std::size_t kPackedSize = 76;
constexpr int kTraceCalls = 100;  ///< Of one lane of a partition.
constexpr std::size_t kOffersInOneCall = 2000;
const NumberText kPackedSizeText(kPackedSize);

constexpr std::uint8_t kPaper = 1;
constexpr std::uint8_t kBegun = 2;
constexpr std::uint8_t kUnresolved = 4;
constexpr std::uint8_t kInvoiceDone = 8;

std::string_view name_of(Lane lane) {
  return kLaneNames[static_cast<std::size_t>(lane)];
}

void pack_order(std::string& out, const OpenOrder& order) {
  const int flags = (order.lane == Lane::paper ? kPaper : 0) | (order.begun ? kBegun : 0) |
                    (order.unresolved ? kUnresolved : 0) | (order.invoice_done ? kInvoiceDone : 0);
  const std::size_t before = out.size();
  redis::Packer(out)
      .id(order.id.hi, order.id.lo)
      .id(order.buyer.hi, order.buyer.lo)
      .u64(static_cast<std::uint64_t>(order.created.ms))
      .u64(static_cast<std::uint64_t>(order.confirmed.ms))
      .u64(order.sequence)
      .u64(static_cast<std::uint64_t>(order.unit_price))
      .u32(index_of(order.product))
      .u32(order.fence)
      .u16(order.attempts)
      .u8(order.quantity)
      .u8(static_cast<std::uint8_t>(flags));
  SCALEMART_CHECK(out.size() - before == kPackedSize);
}

std::optional<OpenOrder> unpack_order(std::string_view in) {
  redis::Unpacker reader(in);
  OpenOrder order;
  order.id.hi = reader.u64();
  order.id.lo = reader.u64();
  order.buyer.hi = reader.u64();
  order.buyer.lo = reader.u64();
  order.created.ms = static_cast<std::int64_t>(reader.u64());
  order.confirmed.ms = static_cast<std::int64_t>(reader.u64());
  order.sequence = reader.u64();
  order.unit_price = static_cast<MinorUnits>(reader.u64());
  order.product = ProductRef{reader.u32()};
  order.fence = reader.u32();
  order.attempts = reader.u16();
  order.quantity = reader.u8();
  const std::uint8_t flags = reader.u8();
  if (!reader.at_end()) return std::nullopt;
  order.lane = (flags & kPaper) != 0 ? Lane::paper : Lane::sale;
  order.begun = (flags & kBegun) != 0;
  order.unresolved = (flags & kUnresolved) != 0;
  order.invoice_done = (flags & kInvoiceDone) != 0;
  return order;
}

/// What its new holder has to know. Who had it before may still be at it.
void deliver(OpenOrder& order, std::uint32_t deliveries) {
  order.fence += deliveries;
  if (deliveries == 1) return;
  order.begun = false;
  order.unresolved = order.lane == Lane::sale;
}

void append_word(std::string& text, const std::string& word) {
  if (!text.empty()) text += ' ';
  text += word;
}

}  // namespace

OrderStreams::OrderStreams(redis::Client client, OrderStreamsSettings settings)
    : functions_(std::move(client)), settings_(std::move(settings)) {
  SCALEMART_CHECK(settings_.partitions > 0);
  for (std::uint32_t i = 0; i < settings_.partitions; ++i) bases_.push_back(settings_.keys.partition(i));
}

redis::Answered<redis::Reply> OrderStreams::call(std::string_view function, std::uint32_t partition,
                                                 const redis::Command& arguments, std::chrono::milliseconds within) {
  auto reply = functions_.call(function, bases_.at(partition), arguments, functions_.clock().steady() + within);
  why_away_ = reply ? "" : reply.error().why;
  return reply;
}

bool OrderStreams::offer(std::span<const OpenOrder> orders, std::chrono::milliseconds within) {
  // By partition and lane, each in the order given.
  std::vector<std::array<std::string, kLaneCount>> packed(settings_.partitions);
  for (OpenOrder order : orders) {
    order.begun = false;
    pack_order(packed[partition_of(order.product, settings_.partitions)][static_cast<std::size_t>(order.lane)], order);
  }
  for (std::uint32_t partition = 0; partition < settings_.partitions; ++partition) {
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      std::string_view rest = packed[partition][lane];
      while (!rest.empty()) {
        const std::string_view part = rest.substr(0, kOffersInOneCall * kPackedSize);
        rest.remove_prefix(part.size());
        if (!call("enqueue", partition, {kLaneNames[lane], kPackedSizeText, part}, within)) return false;
      }
    }
  }
  return true;
}

bool OrderStreams::lease(std::uint32_t partition, std::string_view consumer, const Wanted& wanted,
                         std::vector<StreamLease>& out, std::chrono::milliseconds within) {
  const NumberText sale(static_cast<std::int64_t>(wanted.count[0]));
  const NumberText paper(static_cast<std::int64_t>(wanted.count[1]));
  const NumberText silent(wanted.silent_for.count());
  const auto reply = call("lease", partition, {consumer, sale, paper, silent}, within);
  if (!reply) return false;
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    const redis::Value leases = reply->value()[lane];
    for (std::size_t i = 0; i < leases.size(); ++i) {
      auto order = unpack_order(leases[i][2].text());
      if (!order) continue;  // of a program that packs differently: it is left to that one
      deliver(*order, static_cast<std::uint32_t>(leases[i][1].integer().value_or(1)));
      out.push_back({*order, std::string(leases[i][0].text()), partition});
    }
  }
  return true;
}

bool OrderStreams::renew(std::uint32_t partition, Lane lane, std::string_view consumer,
                         std::span<const std::string> entries, std::vector<std::string>& lost,
                         std::chrono::milliseconds within) {
  std::string ids;
  for (const std::string& entry : entries) append_word(ids, entry);
  const auto reply = call("renew", partition, {consumer, name_of(lane), ids}, within);
  if (!reply) return false;
  for (std::size_t i = 0; i < reply->value().size(); ++i) lost.emplace_back(reply->value()[i].text());
  return true;
}

bool OrderStreams::finish(std::uint32_t partition, Lane lane, std::span<const Finished> finished,
                          std::chrono::milliseconds within) {
  std::string entries, orders, papers;
  for (const Finished& one : finished) {
    append_word(entries, one.entry);
    redis::Packer(orders).id(one.order.hi, one.order.lo);
    if (!one.paper) continue;
    OpenOrder paper = *one.paper;
    if (paper.begun) --paper.fence;  // so that its first delivery is leased under the very fence that it has
    pack_order(papers, paper);
  }
  return call("finish", partition, {name_of(lane), entries, orders, kPackedSizeText, papers}, within).has_value();
}

bool OrderStreams::put_back(std::string_view consumer, const StreamLease& lease, std::chrono::milliseconds delay,
                            std::chrono::milliseconds within) {
  OpenOrder order = lease.order;
  if (order.begun) --order.fence;
  std::string packed;
  pack_order(packed, order);
  const NumberText ms(std::max<std::int64_t>(0, delay.count()));
  return call("put_back", lease.partition, {consumer, name_of(order.lane), lease.entry, ms, packed}, within)
      .has_value();
}

std::optional<QueueDepths> OrderStreams::look(std::chrono::milliseconds within) {
  QueueDepths view;
  for (std::uint32_t partition = 0; partition < settings_.partitions; ++partition) {
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      const auto reply = call("look", partition, {kLaneNames[lane]}, within);
      if (!reply) return std::nullopt;
      const auto number = [&](std::size_t i) { return reply->value()[i].integer().value_or(0); };
      view.waiting[lane] += static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(0) - number(2)));
      view.delayed[lane] += static_cast<std::uint64_t>(number(1));
      view.leased[lane] += static_cast<std::uint64_t>(number(2));
      if (const WallTime oldest{number(3)}; oldest.ms >= 0 && (!view.oldest[lane] || oldest < *view.oldest[lane]))
        view.oldest[lane] = oldest;
      view.paused = view.paused || number(4) != 0;
    }
  }
  return view;
}

std::optional<QueuedOrder> OrderStreams::find(OrderId order, std::chrono::milliseconds within) {
  using enum QueuedOrder::Where;
  std::string id;
  redis::Packer(id).id(order.hi, order.lo);
  bool is_whole = true;
  for (std::uint32_t partition = 0; partition < settings_.partitions; ++partition) {
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      std::string behind;
      for (int calls = 0;; ++calls) {
        if (calls == kTraceCalls) is_whole = false;
        if (calls == kTraceCalls) break;
        const auto reply = call("trace", partition, {kLaneNames[lane], id, behind}, within);
        if (!reply) return std::nullopt;
        const redis::Value found = reply->value();
        const std::string_view where = found[0].text();
        if (where.empty() && found.size() < 2) break;
        if (where.empty()) {
          behind = found[1].text();
          continue;
        }
        QueuedOrder out{where == "delayed" ? delayed : where == "leased" ? leased : waiting, {}, {}, {}};
        if (const auto packed = unpack_order(found[1].text())) out.order = *packed;
        if (out.where == leased) out.consumer = found[2].text();
        if (out.where == delayed) out.due.ms = std::atoll(std::string(found[2].text()).c_str());
        return out;
      }
    }
  }
  return is_whole ? std::optional(QueuedOrder{}) : std::nullopt;
}

bool OrderStreams::pause(bool paused, std::chrono::milliseconds within) {
  for (std::uint32_t partition = 0; partition < settings_.partitions; ++partition)
    if (!call("pause", partition, {paused ? "1" : "0"}, within)) return false;
  return true;
}

}  // namespace scalemart
