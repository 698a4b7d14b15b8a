#include "ledger/snapshot_codec.hpp"

#include <algorithm>

#include "domain/record_codec.hpp"
#include "domain/wire.hpp"

namespace scalemart {
namespace {

using wire::Reader;
using wire::Writer;

enum Block : std::uint8_t { kHead = 1, kProducts, kBuyers, kOrders, kEnd };
enum ProductFlag : unsigned { kPaused = 1, kRemoved = 2 };
constexpr std::uint32_t kProductsPerBlock = 64;
constexpr std::size_t kSmall = 64;

std::uint32_t part(std::uint32_t count, std::uint32_t done, std::uint32_t rows) {
  return std::min(count - done, rows);
}

void put_head(const Snapshot& s, Writer& out) {
  out.room(kSmall);
  out.u8(kHead);
  out.u8(kSnapshotVersion);
  out.fixed(s.sequence);
  out.fixed(s.last_time.ms);
  out.fixed(static_cast<std::uint32_t>(s.products.size()));
  out.fixed(s.buyer_count);
  out.fixed(s.order_count);
}

void put_products(std::span<const Product> products, Writer& out) {
  out.room(kSmall);
  out.u8(kProducts);
  out.varint(products.size());
  for (const Product& p : products) {
    encode_spec(*p.spec, out);
    out.room(kSmall);
    out.signed_varint(p.stock.total);
    out.signed_varint(p.stock.held);
    out.signed_varint(p.stock.sold);
    out.u8(static_cast<std::uint8_t>((p.paused ? kPaused : 0U) | (p.removed ? kRemoved : 0U)));
  }
}

void put_buyers(std::span<const UserId> ids, Writer& out) {
  out.room(kSmall + ids.size() * sizeof(UserId));
  out.u8(kBuyers);
  out.fixed(static_cast<std::uint32_t>(ids.size()));
  for (const UserId id : ids) out.id(id);
}

void put_orders(const OrderChunk& chunk, std::uint32_t count, Writer& out) {
  out.room(kSmall + count * sizeof(OrderRow));
  out.u8(kOrders);
  out.fixed(count);
  out.fixed(static_cast<std::uint32_t>(chunk.parked.size()));
  for (std::uint32_t i = 0; i < count; ++i) out.fixed(chunk.rows[i]);
  for (const ParkedNote& note : chunk.parked) {
    out.room(kSmall);
    out.fixed(note.offset);
    out.u8(static_cast<std::uint8_t>(note.step));
    out.varint(note.attempts);
    out.signed_varint(note.since.ms);
    out.text(note.reason);
  }
}

bool get_products(Reader& in, Snapshot& s, std::uint32_t count) {
  if (in.varint() != count) return false;
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    Product p;
    p.spec = decode_spec(in);
    p.stock.total = in.signed_varint();
    p.stock.held = in.signed_varint();
    p.stock.sold = in.signed_varint();
    if (__builtin_sub_overflow(p.stock.total, p.stock.held, &p.stock.available) ||
        __builtin_sub_overflow(p.stock.available, p.stock.sold, &p.stock.available))
      return false;
    const unsigned flags = in.u8_below(4);
    p.paused = (flags & kPaused) != 0;
    p.removed = (flags & kRemoved) != 0;
    s.products.push_back(std::move(p));
  }
  return true;
}

bool get_buyers(Reader& in, Snapshot& s, std::uint32_t count) {
  if (in.fixed<std::uint32_t>() != count || in.left() != count * sizeof(UserId)) return false;
  auto chunk = std::make_shared<BuyerChunk>();
  for (std::uint32_t i = 0; i < count; ++i) chunk->ids[i] = in.id<UserId>();
  s.buyers.push_back(std::move(chunk));
  return true;
}

bool get_orders(Reader& in, Snapshot& s, std::uint32_t count) {
  if (in.fixed<std::uint32_t>() != count) return false;
  const auto parked = in.fixed<std::uint32_t>();
  if (parked > count || in.left() < count * sizeof(OrderRow)) return false;
  auto chunk = std::make_shared<OrderChunk>();
  for (std::uint32_t i = 0; i < count; ++i) chunk->rows[i] = in.fixed<OrderRow>();
  for (std::uint32_t i = 0; i < parked && !in.failed(); ++i) {
    ParkedNote note;
    note.offset = in.fixed<std::uint16_t>();
    note.step = static_cast<Step>(in.u8_below(kStepCount));
    note.attempts = in.varint32();
    note.since = WallTime{in.signed_varint()};
    note.reason = in.text();
    chunk->parked.push_back(std::move(note));
  }
  s.orders.push_back(std::move(chunk));
  return true;
}

/// Reads one block of the given kind with `get`, which may say false.
template <class Get>
Result<void> read_block(const BlockSource& source, Block kind, const Get& get) {
  const auto block = source();
  if (!block) return block.error();
  Reader in(*block);
  if (in.u8() != kind || !get(in) || in.failed() || in.left() > 0)
    return error("snapshot: a block of kind " + std::to_string(kind) + " is missing or damaged");
  return {};
}

}  // namespace

Result<void> write_snapshot(const Snapshot& s, const BlockSink& sink) {
  Bytes block;
  const auto write = [&](const auto& put) -> Result<void> {
    block.clear();
    {
      Writer out(block);
      put(out);
    }
    return sink(block);
  };
  if (auto r = write([&](Writer& out) { put_head(s, out); }); !r) return r;
  const auto products = static_cast<std::uint32_t>(s.products.size());
  for (std::uint32_t i = 0; i < products; i += kProductsPerBlock)
    if (auto r = write([&](Writer& out) {
          put_products(std::span(s.products).subspan(i, part(products, i, kProductsPerBlock)), out);
        });
        !r)
      return r;
  for (Row i = 0; i < s.buyer_count; i += BuyerChunk::kRows)
    if (auto r = write([&](Writer& out) {
          put_buyers(std::span(s.buyers[i / BuyerChunk::kRows]->ids).first(part(s.buyer_count, i, BuyerChunk::kRows)),
                     out);
        });
        !r)
      return r;
  for (Row i = 0; i < s.order_count; i += OrderChunk::kRows)
    if (auto r = write([&](Writer& out) {
          put_orders(*s.orders[i / OrderChunk::kRows], part(s.order_count, i, OrderChunk::kRows), out);
        });
        !r)
      return r;
  return write([](Writer& out) {
    out.room(1);
    out.u8(kEnd);
  });
}

Result<Snapshot> read_snapshot(const BlockSource& source) {
  Snapshot s;
  std::uint32_t products = 0;
  auto read = read_block(source, kHead, [&](Reader& in) {
    if (in.u8() != kSnapshotVersion) return false;
    s.sequence = in.fixed<Sequence>();
    s.last_time.ms = in.fixed<std::int64_t>();
    products = in.fixed<std::uint32_t>();
    s.buyer_count = in.fixed<std::uint32_t>();
    s.order_count = in.fixed<std::uint32_t>();
    return s.sequence <= Packed48::kMax && s.last_time.ms >= 0 &&
           static_cast<std::uint64_t>(s.last_time.ms) <= Packed48::kMax && products <= 0xffff &&
           s.buyer_count < kNoRow && s.order_count < kNoRow;
  });
  if (!read) return read.error();
  for (std::uint32_t i = 0; i < products; i += kProductsPerBlock) {
    read = read_block(source, kProducts,
                      [&](Reader& in) { return get_products(in, s, part(products, i, kProductsPerBlock)); });
    if (!read) return read.error();
  }
  for (Row i = 0; i < s.buyer_count; i += BuyerChunk::kRows) {
    read = read_block(source, kBuyers,
                      [&](Reader& in) { return get_buyers(in, s, part(s.buyer_count, i, BuyerChunk::kRows)); });
    if (!read) return read.error();
  }
  for (Row i = 0; i < s.order_count; i += OrderChunk::kRows) {
    read = read_block(source, kOrders,
                      [&](Reader& in) { return get_orders(in, s, part(s.order_count, i, OrderChunk::kRows)); });
    if (!read) return read.error();
  }
  read = read_block(source, kEnd, [](Reader&) { return true; });
  if (!read) return read.error();
  return s;
}

}  // namespace scalemart
