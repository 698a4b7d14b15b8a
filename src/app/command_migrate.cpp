// scalemart migrate: the shop of a data folder becomes a shared one.

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ostream>

#include "app/command.hpp"
#include "app/migration.hpp"

namespace scalemart {
namespace {

boost::json::object to_json(const MigrationReport& report) {
  boost::json::array tables, products;
  for (const ShopSums::Table& table : report.sums.tables)
    tables.push_back({{"table", table.name}, {"rows", table.rows}, {"sha256", table.digest}});
  for (const ShopSums::Product& p : report.sums.products)
    products.push_back({{"id", p.id},
                        {"total", p.stock.total},
                        {"available", p.stock.available},
                        {"held", p.stock.held},
                        {"sold", p.stock.sold}});
  boost::json::object orders, money;
  for (int i = 0; i < kOrderStatusCount; ++i)
    orders[to_text(static_cast<OrderStatus>(i))] = report.sums.orders.at(static_cast<std::size_t>(i));
  for (const auto& [currency, sum] : report.sums.money)
    money[currency] = {{"confirmed_minor", sum.confirmed}, {"refunded_minor", sum.refunded}};
  return {{"dry_run", report.dry_run},
          {"was_there", report.was_there},
          {"from", report.from},
          {"to", report.to},
          {"records", report.proof.records},
          {"head", report.proof.head},
          {"head_hash", report.proof.head_hash},
          {"tables", std::move(tables)},
          {"products", std::move(products)},
          {"orders", std::move(orders)},
          {"dead_letters", report.sums.dead_letters},
          {"keys", report.sums.keys},
          {"admins", report.sums.admins},
          {"money", std::move(money)},
          {"sha256", report.sums.digest()},
          {"changed_texts", report.changed_texts},
          {"took_ms", report.took.count()}};
}

void print_sums(std::ostream& out, const MigrationReport& report) {
  const std::string_view arrived = report.dry_run ? "" : "the same there";
  out << fmt::format("{:<16}{:>12}  {:<18}{}\n", "table", "rows", "sha-256 begins", report.dry_run ? "" : "compared");
  for (const ShopSums::Table& table : report.sums.tables)
    out << fmt::format("{:<16}{:>12}  {:<18}{}\n", table.name, table.rows, table.digest.substr(0, 16), arrived);
  out << fmt::format("\n{:<24}{:>12}{:>12}{:>10}{:>12}\n", "product", "total", "available", "held", "sold");
  for (const ShopSums::Product& p : report.sums.products)
    out << fmt::format("{:<24}{:>12}{:>12}{:>10}{:>12}\n", p.id, p.stock.total, p.stock.available, p.stock.held,
                       p.stock.sold);
  out << "\norders";
  for (int i = 0; i < kOrderStatusCount; ++i)
    out << fmt::format("{} {} {}", i == 0 ? "" : ",", to_text(static_cast<OrderStatus>(i)),
                       report.sums.orders.at(static_cast<std::size_t>(i)));
  out << fmt::format("; dead letters {}, under a key {}\n", report.sums.dead_letters, report.sums.keys);
  for (const auto& [currency, sum] : report.sums.money)
    out << fmt::format("money {}: confirmed {}, refunded {} (in its smallest unit)\n", currency, sum.confirmed,
                       sum.refunded);
  if (report.changed_texts > 0)
    out << fmt::format("{} texts held bytes that no database takes; they have a '?' there now\n", report.changed_texts);
}

int migrate(CommandContext& context, bool dry_run) {
  const auto config = context.config();
  if (!config) return kCannotRun;
  const auto report = context.programs.migrate(*config, dry_run, context.clock);
  if (!report) return context.refuse(report.error());
  if (context.json) {
    context.print(to_json(*report));
    return kDone;
  }
  print_sums(context.out, *report);
  const double seconds = static_cast<double>(report->took.count()) / 1e3;
  if (dry_run)
    context.out << fmt::format("\ndry run: nothing was changed. {} can be moved to {}{} ({:.2f} s)\n", report->from,
                               report->to, report->target_has_tables ? "" : ", where the tables will be made", seconds);
  else
    context.out << fmt::format(
        "\n{} to {} ({:.2f} s). {} does not sell any more; the way back is in docs/moving.md\ndrift 0\n",
        report->was_there ? "had been moved" : "moved", report->to, seconds, report->from);
  return kDone;
}

}  // namespace

void declare_migrate(CommandSpec spec) {
  auto dry_run = std::make_shared<bool>(false);
  spec.flag("--dry-run", *dry_run, "Prove the folder, look at the database, say what would be moved; change nothing");
  spec.footer(
      "Moves the shop of the data folder to the SCALEMART_DATABASE of a shared shop: products, orders with their\n"
      "history and keys, accounts, logins, audit trail, settings. No server may use the folder. It can be run again\n"
      "after it was interrupted. Afterwards the folder is marked, and no server sells from it any more.\n"
      "Exit code 1: the database has a shop, or the folder's records contradict themselves.");
  spec.run([dry_run](CommandContext& context) { return migrate(context, *dry_run); });
}

}  // namespace scalemart
