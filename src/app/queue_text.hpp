#pragma once
// The order queue in words, from the objects of QueueOperations.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "app/text_line.hpp"

namespace scalemart {

/// 1204 -> "1,204".
[[nodiscard]] std::string grouped(double number);
/// "0.3 s", "25 s", "4 min", "3 h"; "–" for nothing.
[[nodiscard]] std::string lasting(double seconds);
/// What is missing or of another kind is 0, or empty.
[[nodiscard]] double number_in(const boost::json::object& from, std::string_view name);
[[nodiscard]] std::string text_in(const boost::json::object& from, std::string_view name);
[[nodiscard]] bool is_set(const boost::json::object& from, std::string_view name);
[[nodiscard]] const boost::json::array& list_in(const boost::json::object& from, std::string_view name);

/// running, paused, or away: it cannot be reached.
[[nodiscard]] std::string state_of_queue(const boost::json::object& overview);
/// "1,204 waiting, the oldest for 12.3 s; 48.2 leave it a second: empty in 25 s"
[[nodiscard]] std::string queue_in_a_line(const boost::json::object& overview);
/// working, idle, leaving, paused, or which breaker is not closed.
[[nodiscard]] std::string state_of_worker(const boost::json::object& worker, bool paused);
/// "64", or "64 (8..200)" between bounds.
[[nodiscard]] std::string concurrency_of(const boost::json::object& worker);

[[nodiscard]] TextTable stages_table(const boost::json::object& overview);
[[nodiscard]] TextTable workers_table(const boost::json::object& overview);
[[nodiscard]] TextTable letters_table(const boost::json::array& letters);
/// `scalemart queue list`.
[[nodiscard]] std::string describe_queue(const boost::json::object& overview, const boost::json::object& letters);
/// `scalemart queue show`.
[[nodiscard]] std::string describe_order(const boost::json::object& shown);

}  // namespace scalemart
