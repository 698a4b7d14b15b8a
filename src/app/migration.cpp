#include "app/migration.hpp"

#include "app/folder_shop.hpp"
#include "app/record_verification.hpp"
#include "app/shop_targets.hpp"
#include "backend/embedded/moved_mark.hpp"
#include "domain/time_text.hpp"
#include "telemetry/redact.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;

Refusal cannot_run(const std::string& why) {
  return {Refusal::Kind::cannot_run, "", why};
}

Refusal not_empty(const std::string& why) {
  return {Refusal::Kind::refused, "target_not_empty", why};
}

Done<ShopSums> sum_up(ShopSource& source) {
  ShopSummary summary;
  if (auto read = source.read(summary); !read) return cannot_run(read.error().message);
  return summary.finish();
}

class Migration {
 public:
  Migration(const Config& config, bool dry_run, const Clock& clock) : config_(config), clock_(clock) {
    report_.from = config.data.string();
    report_.to = redact_url_credentials(config.database);
    report_.dry_run = dry_run;
  }

  Done<MigrationReport> run();

 private:
  Done<void> open();
  Done<void> judge_target();
  Done<void> copy();
  Done<void> prove();

  const Config& config_;
  const Clock& clock_;
  MigrationReport report_;
  std::unique_ptr<FolderShop> source_;
  std::unique_ptr<ShopTarget> target_;
  ShopTarget::State found_;
};

/// First what is quick and likely to be wrong.
Done<void> Migration::open() {
  auto target = open_shop_target(config_, clock_);
  if (!target) return cannot_run(target.error().message);
  target_ = std::move(*target);
  auto found = target_->look();
  if (!found) return cannot_run("SCALEMART_DATABASE: " + found.error().message);
  found_ = std::move(*found);
  report_.target_has_tables = found_.has_tables;
  if (!found_.content.empty() && !found_.copied)
    return not_empty(report_.to + ": there is a shop already (" + found_.content + "): name an empty database");

  auto source = FolderShop::open(config_.data);
  if (!source) {
    Refusal refusal = source.error();
    if (refusal.message.find("is in use by process") != std::string::npos)
      refusal.message += ": stop the server first, so that nothing is sold meanwhile";
    return refusal;
  }
  source_ = std::move(*source);
  report_.proof = source_->proof();
  auto sums = sum_up(*source_);
  if (!sums) return sums.error();
  report_.sums = std::move(*sums);
  report_.changed_texts = source_->changed_texts();
  for (const std::string& fault : report_.sums.faults())
    return Refusal{Refusal::Kind::refused, "journal_damaged", report_.from + ": " + fault};
  return {};
}

Done<void> Migration::judge_target() {
  if (!found_.copied) {
    if (const std::string why = why_moved(config_.data); !why.empty()) return not_empty(why);
    return {};
  }
  report_.was_there = found_.copied->digest == report_.sums.digest();
  if (report_.was_there) return {};
  return not_empty(report_.to + ": the shop there was copied from " + found_.copied->place + " at " +
                   to_rfc3339(found_.copied->at) + ", as it was after record " + std::to_string(found_.copied->head) +
                   "; this folder is another shop, or has gone on since: name an empty database");
}

Done<void> Migration::copy() {
  if (auto begun = target_->begin(); !begun) return cannot_run("SCALEMART_DATABASE: " + begun.error().message);
  if (auto read = source_->read(*target_); !read) return cannot_run(read.error().message);
  const auto arrived = sum_up(*target_);
  if (!arrived) return arrived.error();
  std::vector<std::string> wrong = differences(report_.sums, *arrived);
  for (std::string& fault : arrived->faults()) wrong.push_back(std::move(fault));
  if (!wrong.empty())
    return Refusal{Refusal::Kind::refused, "copy_differs",
                   "the copy is not the same, and was taken back: " + wrong.front()};
  const ShopOrigin origin{report_.sums.digest(), report_.proof.head, report_.from, clock_.wall()};
  if (auto finished = target_->finish(origin); !finished)
    return cannot_run("SCALEMART_DATABASE: " + finished.error().message +
                      "; run it again: it will see what became of it");
  return {};
}

/// As `scalemart verify` will from now on.
Done<void> Migration::prove() {
  target_.reset();
  const auto report = verify_database(config_, clock_);
  if (!report) return report.error();
  if (!report->ok || report->drift != 0)
    return Refusal{Refusal::Kind::refused, "copy_differs",
                   report_.to + ": " + report->problems.front() + "; the folder was not marked as moved"};
  return {};
}

Done<MigrationReport> Migration::run() {
  const SteadyTime begin = clock_.steady();
  if (auto opened = open(); !opened) return opened.error();
  if (auto fit = judge_target(); !fit) return fit.error();
  if (!report_.dry_run) {
    if (!report_.was_there)
      if (auto copied = copy(); !copied) return copied.error();
    if (auto proven = prove(); !proven) return proven.error();
    if (!read_moved(config_.data))
      if (auto marked = source_->mark_moved_to(report_.to, clock_.wall()); !marked)
        return cannot_run(marked.error().message + "; the shop is copied: run it again to mark the folder");
  }
  report_.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - begin);
  return std::move(report_);
}

}  // namespace

Done<MigrationReport> migrate_shop(const Config& config, bool dry_run, const Clock& clock) {
  if (!config.is_shared())
    return cannot_run("SCALEMART_DATABASE: embedded: is no place to move to; allowed is postgresql://…");
  return Migration(config, dry_run, clock).run();
}

}  // namespace scalemart
