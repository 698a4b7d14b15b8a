// Names what the command line runs.
#include "app/api.hpp"
#include "app/folder_verification.hpp"
#include "app/local_operations.hpp"
#include "app/migration.hpp"
#include "app/programs.hpp"
#include "app/providers.hpp"
#include "app/record_verification.hpp"
#include "app/server.hpp"
#include "app/shared_stores.hpp"
#include "app/webhook_desk.hpp"
#include "app/worker_process.hpp"
#include "auth/keys.hpp"
#include "base/embedded_file.hpp"

namespace scalemart {
namespace {

std::optional<std::string> check_setting(std::string_view variable, std::string_view value) {
  if (value.empty()) return std::nullopt;
  if (variable.starts_with("SCALEMART_RATE_LIMIT_")) return fault_of_rate_limit(value);
  if (variable == "SCALEMART_REDIS") return fault_of_redis(value);
  if (variable == "SCALEMART_PAYMENT") return fault_of_payment(value);
  if (variable.starts_with("SCALEMART_WEBHOOK_")) return fault_of_webhook_setting(variable, value);
  if (variable == "SCALEMART_JWT_SECRET") {
    if (const auto weakness = weakness_of_secret(value))
      return *weakness + "; allowed are at least 32 bytes that nobody can guess, e.g. from: openssl rand -base64 48";
  }
  return std::nullopt;
}

Done<VerifyReport> verify_local(const Config& config, const Clock& clock) {
  return config.is_shared() ? verify_database(config, clock) : verify_folder(config.data, clock);
}

std::string_view report_page() {
  for (const EmbeddedFile& file : report_files())
    if (file.path.ends_with("/report.html")) return file.content();
  return {};
}

}  // namespace

Programs programs() {
  return {run_server, run_worker, open_local_operations, verify_local, check_setting, report_page(), migrate_shop};
}

}  // namespace scalemart
