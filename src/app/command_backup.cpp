// scalemart backup FOLDER, scalemart restore BACKUP

#include <fmt/format.h>

#include <ostream>

#include "app/backup_folder.hpp"
#include "app/command.hpp"
#include "app/control_socket.hpp"
#include "app/operations_json.hpp"

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

// Copies, then proves the copy: a restore that cannot be verified is said to have failed.
int restore(CommandContext& context, const std::string& from) {
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
  const auto report = context.programs.verify_local(*config, context.clock);
  if (!report) return context.refuse(report.error());
  if (context.json) {
    context.print(to_json(*report));
  } else {
    for (const auto& problem : report->problems) context.out << "problem: " << problem << '\n';
    context.out << fmt::format("restored {} up to record {}\ndrift {}\n", config->data.string(), report->head,
                               report->drift);
  }
  return report->ok && report->head == manifest->head ? kDone : kAnswerIsNo;
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
  auto from = std::make_shared<std::string>();
  spec.text("backup", *from, "Folder that `scalemart backup` made", true);
  spec.footer("The data folder (--data) must not exist or be empty. The restored ledger is verified.");
  spec.run([from](CommandContext& context) { return restore(context, *from); });
}

}  // namespace scalemart
