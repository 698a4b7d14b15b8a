// A shop that one process has to itself, on its folder.
#include "app/backup.hpp"
#include "app/embedded_desk.hpp"
#include "app/embedded_engine.hpp"
#include "app/embedded_notices.hpp"
#include "app/shop.hpp"
#include "backend/embedded/account_store.hpp"

namespace scalemart {
namespace {

Refusal cannot_run(const Error& why) {
  return {Refusal::Kind::cannot_run, "", why.message};
}

/// A journal names buyers only by their numbers: with the accounts, who they are would be gone, and nobody told.
Result<void> accounts_are_there(const std::filesystem::path& file, Sequence recorded) {
  if (recorded == 0 || std::filesystem::exists(file)) return {};
  return error(
      file.string() + " is missing, and " + std::to_string(recorded) +
      " records of this shop's sales are there: put it back from the newest backup; to go on without any account, "
      "make an empty file of that name");
}

}  // namespace

Done<Shop> open_embedded_shop(const Config& config, const Clock& clock, Metrics& metrics) {
  auto store = Store::open(config, clock);
  if (!store) return cannot_run(store.error());
  auto opened = EmbeddedEngine::open(std::move(*store), config, clock, metrics);
  if (!opened) return Refusal{Refusal::Kind::refused, "journal_damaged", opened.error().message};
  EmbeddedEngine& engine = **opened;
  EmbeddedAccountStore::Options options;
  options.file = engine.folder().file("accounts.db");
  if (const auto there = accounts_are_there(options.file, engine.load().sequence); !there)
    return cannot_run(there.error());
  auto store_of_accounts = EmbeddedAccountStore::open(std::move(options));
  if (!store_of_accounts) return cannot_run(store_of_accounts.error());
  EmbeddedAccountStore& accounts = **store_of_accounts;
  auto identity = Identity::open({std::move(*store_of_accounts), {}, {}}, engine.folder(), config, clock);
  if (!identity) return cannot_run(identity.error());

  Shop shop;
  shop.engine = std::move(*opened);
  shop.identity = std::move(*identity);
  shop.open_desk = [&config, &clock, &metrics, &engine,
                    &accounts](StepHook on_step) -> Result<std::unique_ptr<OrderDesk>> {
    auto desk = EmbeddedDesk::open(config, engine, accounts, clock, metrics, std::move(on_step));
    if (!desk) return desk.error();
    return std::unique_ptr<OrderDesk>(std::move(*desk));
  };
  shop.open_notices = [&config, &clock, &metrics, &engine,
                       &accounts](OrderDesk* desk) -> Result<std::unique_ptr<NoticeDesk>> {
    auto notices = EmbeddedNotices::open({config, engine, accounts, clock, metrics, desk});
    if (!notices) return notices.error();
    return std::unique_ptr<NoticeDesk>(std::move(*notices));
  };
  shop.verify = [&engine] { return engine.verify(); };
  shop.backup = [&engine, &accounts, &clock](const std::filesystem::path& folder) {
    return make_backup(engine, accounts, folder, clock);
  };
  return shop;
}

}  // namespace scalemart
