#pragma once
// Records as the journal keeps them. The format is a promise: golden bytes of every kind are in the test.
//
//   batch    = version:u8 (1)  count:varint  time:i64  record*count        nothing may follow
//   record   = kind:u8  time_step:svarint  payload      kind: position in record::Payload
//                                                       time_step: ms since the record before (the first:
//                                                       since `time`)
//   payloads (p = product:varint, o = order:16 bytes, s = text: length:varint + bytes)
//     0 product_created   p spec total:svarint              8 failed         o reason:u8
//     1 product_changed   p spec                            9 expired        o
//     2 product_removed   p                                10 cancelled      o
//     3 stock_adjusted    p delta:svarint reason:s         11 refunded       o
//     4 pause_set         p paused:u8                      12 step_finished  o step:u8 skipped:u8
//     5 reserved          o buyer:16 p quantity:varint     13 parked         o step:u8 attempts:varint
//     reason:s
//                         hold_ms:varint price:svarint     14 unparked       o
//                         keyed:u8 [key:16]
//     6 begun             o fence:varint
//     7 confirmed         o payment_reference:s
//   spec     = id:s currency:3 bytes  name:s description:s image_url:s  price:svarint per_user_limit:varint
//              present:u8 (1 list price, 2 start, 4 end)  then those present, each svarint
//
// Ids are their two 64-bit words, high one first, each little-endian. varint: LEB128, minimal. svarint:
// zigzag. Sequences are not stored: they are dense, the batch's first is kept beside it.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/record.hpp"
#include "domain/wire.hpp"

namespace scalemart {

inline constexpr std::uint8_t kBatchVersion = 1;

/// Appends kind and payload. Allocates only when `out` has to grow.
void encode_payload(const record::Payload& payload, wire::Writer& out);
/// The reader fails on anything encode_payload() does not write.
[[nodiscard]] record::Payload decode_payload(wire::Reader& in);

void encode_spec(const ProductSpec& spec, wire::Writer& out);
[[nodiscard]] std::shared_ptr<const ProductSpec> decode_spec(wire::Reader& in);

/// Appends a whole batch. records is not empty and its sequences are dense.
void encode_batch(std::span<const Record> records, Bytes& out);
[[nodiscard]] Bytes encode_batch(std::span<const Record> records);

/// Safe on any bytes; memory is bounded by a multiple of the input's length. Gives the records the sequences
/// from first_sequence on. An error names the first record that is wrong.
[[nodiscard]] Result<std::vector<Record>> decode_batch(Sequence first_sequence, std::span<const std::byte> bytes);

}  // namespace scalemart
