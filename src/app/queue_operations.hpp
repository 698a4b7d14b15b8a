#pragma once
// What an operator can see of the order queue and do to it from the command line, whoever carries it out.

#include <boost/json/object.hpp>
#include <string_view>

#include "app/refusal.hpp"
#include "fulfilment/concurrency.hpp"

namespace scalemart {

/// Purpose: the queue's verbs. Objects are those of the admin API, so that one document describes both.
/// Concurrency, errors and the server's side: as Operations; the routes are named beside each.
class QueueOperations {
 public:
  using Object = boost::json::object;
  virtual ~QueueOperations() = default;

  // GET /control/queue[?history]: GET /api/admin/queue, with `workers`; `history`: the last two minutes by second
  virtual Done<Object> overview(bool with_history) = 0;
  // POST /control/queue/dead {step,product_id,reason,limit}, each may be left out: {letters, remaining}
  virtual Done<Object> dead_letters(const Object& filter) = 0;
  // POST /control/queue/order {order_id}: {order, place, steps}
  virtual Done<Object> order(std::string_view id) = 0;
  // POST /control/queue/dead/retry|discard {order_ids} or {all,step,product_id,reason}: as the API's
  virtual Done<Object> settle_dead(bool retry, const Object& choice) = 0;
  // POST /control/queue/pause|resume
  virtual Done<Object> set_queue_paused(bool paused) = 0;
  // POST /control/queue/worker {worker} and {concurrency} or {min,max}
  virtual Done<Object> set_concurrency(std::string_view worker, const Concurrency& concurrency) = 0;
};

}  // namespace scalemart
