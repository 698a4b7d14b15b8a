#pragma once
// How operations and their reports look in JSON, on the control socket and with --json.

#include <boost/json/value.hpp>
#include <optional>

#include "app/operations.hpp"

namespace scalemart {

[[nodiscard]] boost::json::object to_json(const UserSummary& user);
[[nodiscard]] boost::json::object to_json(const VerifyReport& report);
[[nodiscard]] boost::json::object to_json(const BackupReport& report);
/// Nothing when a field is missing or of another type.
[[nodiscard]] std::optional<UserSummary> user_from_json(const boost::json::value& value);
[[nodiscard]] std::optional<VerifyReport> verify_from_json(const boost::json::value& value);
[[nodiscard]] std::optional<BackupReport> backup_from_json(const boost::json::value& value);

/// What an error answer means: 400, 415 and 422 are wrong input, 5xx cannot run, others are refusals.
[[nodiscard]] Refusal refusal_from_answer(int status, std::string_view body);

}  // namespace scalemart
