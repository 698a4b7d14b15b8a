#pragma once
// The order queue, its workers and dead letters as the API writes them.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "fulfilment/queue_view.hpp"

namespace scalemart {

/// The queue as GET /api/admin/queue shows it.
[[nodiscard]] boost::json::object render_queue(const QueueView& view, WallTime now);
[[nodiscard]] boost::json::object render_worker(const WorkerView& view);
/// {concurrency}, or {min, max}.
[[nodiscard]] boost::json::object render_concurrency(const Concurrency& concurrency);
[[nodiscard]] boost::json::object render_dead(const DeadLetter& letter, std::string_view product_id);

/// A cursor of dead letters: time, sequence and id with dots between them.
[[nodiscard]] std::string to_text(const OrderPlace& place);
[[nodiscard]] std::optional<OrderPlace> parse_place(std::string_view text);

}  // namespace scalemart
