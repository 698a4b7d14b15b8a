#include "app/record_verification.hpp"

#include <cstdlib>

#include "app/shared_stores.hpp"
#include "base/await.hpp"

namespace scalemart {
namespace {

/// It reads every order.
constexpr std::chrono::minutes kRecountWithin{60};

Refusal unavailable(std::string why) {
  return {Refusal::Kind::cannot_run, "unavailable", std::move(why)};
}

}  // namespace

Done<VerifyReport> verify_record(SystemOfRecord& record) {
  const auto recount = record.recount(kRecountWithin);
  if (!recount) return unavailable(recount.error().message);
  VerifyReport report;
  report.products = recount->products;
  report.orders = recount->orders;
  for (const RecordDrift& drift : recount->drift) {
    report.drift += std::abs(drift.expected - drift.found);
    report.problems.push_back("product " + std::to_string(index_of(drift.product)) + ": " + drift.what + " is " +
                              std::to_string(drift.found) + ", the orders say " + std::to_string(drift.expected));
  }
  report.ok = report.problems.empty() && report.drift == 0;
  return report;
}

Done<VerifyReport> verify_database(const Config& config, const Clock& clock) {
  const SteadyTime begin = clock.steady();
  SecureRandom random;
  auto database = SharedDatabase::open(config, clock, random);
  if (!database) return Refusal{Refusal::Kind::cannot_run, "", database.error().message};
  auto report = verify_record(*database->record);
  if (!report) return report;
  const auto trail =
      await<Result<AuditCheck>>([&](auto done) { return database->accounts->check_audit(std::move(done)); });
  database->accounts->stop();
  if (!trail) return unavailable("the accounts take no questions at the moment; try again");
  if (!*trail) return unavailable((*trail).error().message);
  if ((*trail)->first_bad != 0) {
    report->problems.push_back("the audit trail was changed at row " + std::to_string((*trail)->first_bad));
    report->ok = false;
  }
  report->took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady() - begin);
  return report;
}

}  // namespace scalemart
