// scalemart backup FOLDER, scalemart restore BACKUP

#include <fmt/format.h>

#include <charconv>
#include <ostream>
#include <variant>

#include "app/backup_folder.hpp"
#include "app/command.hpp"
#include "app/control_socket.hpp"
#include "app/operations_json.hpp"
#include "backend/embedded/journal_cut.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

Refusal shared() {
  return {Refusal::Kind::refused, "shared_shop", std::string(kSharedBackup)};
}

int backup(CommandContext& context, const std::string& folder) {
  const auto config = context.config();
  if (!config) return kCannotRun;
  if (config->is_shared()) return context.refuse(shared());
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  auto report = operations->backup(std::filesystem::absolute(folder).lexically_normal());
  if (!report) return context.refuse(report.error());
  if (context.json) {
    context.print(to_json(*report));
  } else {
    context.out << fmt::format("{}: {} bytes, up to record {}, {:.2f} s\n", report->folder.string(), report->bytes,
                               report->head, static_cast<double>(report->took.count()) / 1e3);
  }
  return kDone;
}

using Moment = std::variant<Sequence, WallTime>;

/// A record's number or a time.
std::optional<Moment> moment_of(const std::string& text) {
  Sequence number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc() && end == text.data() + text.size() && number > 0) return number;
  if (const auto time = parse_rfc3339(text)) return *time;
  return std::nullopt;
}

/// What the restored folder must be proven to hold; what was made of it is removed when it cannot be cut.
Result<JournalCut> cut_back(const std::filesystem::path& data, Sequence head, const std::optional<Moment>& until) {
  if (!until) return JournalCut{head, 0};
  auto cut = cut_journal(data / "journal.db", *until);
  std::error_code ignored;
  if (!cut) std::filesystem::remove_all(data, ignored);
  return cut;
}

// Copies, then proves the copy: a restore that cannot be verified is said to have failed.
int restore(CommandContext& context, const std::string& from, const std::string& until_text) {
  const auto until = until_text.empty() ? std::nullopt : moment_of(until_text);
  if (!until_text.empty() && !until)
    return context.fail(kWrongUsage, "--until: \"" + until_text +
                                         "\" is not allowed; allowed is a record's number or a time like "
                                         "2026-11-27T10:00:00Z");
  const auto config = context.config();
  if (!config) return kCannotRun;
  if (config->is_shared()) return context.refuse(shared());
  if (server_presence(config->data) != ServerPresence::absent) {
    return context.fail(kCannotRun, config->data.string() + ": a server is running on it; stop it first");
  }
  auto manifest = read_backup(from);
  if (!manifest) return context.fail(kCannotRun, manifest.error().message);
  if (auto done = restore_backup(from, *manifest, config->data); !done) {
    return context.fail(kCannotRun, done.error().message);
  }
  const auto cut = cut_back(config->data, manifest->head, until);
  if (!cut) return context.fail(kCannotRun, "--until: " + cut.error().message);
  const auto report = context.programs.verify_local(*config, context.clock);
  if (!report) return context.refuse(report.error());
  if (context.json) {
    auto said = to_json(*report);
    if (until) said["left_out"] = cut->left_out;
    context.print(said);
  } else {
    for (const auto& problem : report->problems) context.out << "problem: " << problem << '\n';
    context.out << fmt::format("restored {} up to record {}", config->data.string(), report->head);
    if (until)
      context.out << fmt::format(", without the {} after it: for looking at, not for selling on", cut->left_out);
    context.out << fmt::format("\ndrift {}\n", report->drift);
  }
  return report->ok && report->head == cut->head ? kDone : kAnswerIsNo;
}

}  // namespace

void declare_backup(CommandSpec spec) {
  auto folder = std::make_shared<std::string>();
  spec.text("folder", *folder, "New or empty folder", true);
  spec.footer(
      "The server keeps selling meanwhile. The folder holds the signing keys too: guard it like the shop's "
      "own.");
  spec.run([folder](CommandContext& context) { return backup(context, *folder); });
}

void declare_restore(CommandSpec spec) {
  struct Wanted {
    std::string from, until;
  };
  auto wanted = std::make_shared<Wanted>();
  spec.text("backup", wanted->from, "Folder that `scalemart backup` made", true);
  spec.text("--until", wanted->until, "Only up to this record's number, or this time: the sale as it was then");
  spec.footer(
      "The data folder (--data) must not exist or be empty. The restored ledger is verified.\n"
      "A folder made with --until knows nothing of what was sold afterwards: sold from, it would sell those units "
      "again.");
  spec.run([wanted](CommandContext& context) { return restore(context, wanted->from, wanted->until); });
}

}  // namespace scalemart
