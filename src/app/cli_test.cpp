#include "app/cli.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>

#include "app/backup_folder.hpp"
#include "app/fake_operations.hpp"
#include "app/migration.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// Gives out one FakeOperations again and again.
class Borrowed final : public Operations {
 public:
  explicit Borrowed(FakeOperations& to) : to_(to) {}
  std::string_view carried_out_by() const override { return to_.carried_out_by(); }
  Done<UserSummary> create_user(const NewUser& u) override { return to_.create_user(u); }
  Done<UserPage> list_users(std::size_t n, std::string_view c) override { return to_.list_users(n, c); }
  Done<void> set_user_disabled(std::string_view e, bool d) override { return to_.set_user_disabled(e, d); }
  Done<void> set_role(std::string_view e, Role r) override { return to_.set_role(e, r); }
  Done<void> set_password(std::string_view e, std::string_view p) override { return to_.set_password(e, p); }
  Done<void> seed_users(const SeedUsers& s, const std::function<bool(std::string_view)>& f) override {
    return to_.seed_users(s, f);
  }
  Done<json::array> list_products() override { return to_.list_products(); }
  Done<json::object> get_product(std::string_view id) override { return to_.get_product(id); }
  Done<json::object> create_product(const json::object& p) override { return to_.create_product(p); }
  Done<json::object> change_product(std::string_view id, const json::object& p) override {
    return to_.change_product(id, p);
  }
  Done<void> remove_product(std::string_view id) override { return to_.remove_product(id); }
  Done<json::object> adjust_stock(std::string_view id, std::int64_t d, std::string_view r) override {
    return to_.adjust_stock(id, d, r);
  }
  Done<json::object> set_paused(std::string_view id, bool p) override { return to_.set_paused(id, p); }
  Done<VerifyReport> verify() override { return to_.verify(); }
  Done<BackupReport> backup(const fs::path& f) override { return to_.backup(f); }
  Done<std::string> rotate_key() override { return to_.rotate_key(); }
  Done<json::object> stats() override { return to_.stats(); }
  Done<json::value> webhook(std::string_view verb, const json::object& arguments) override {
    return to_.webhook(verb, arguments);
  }
  QueueOperations& queue() override { return to_.queue(); }

 private:
  FakeOperations& to_;
};

class Cli : public testing::Test {
 protected:
  Cli() : folder_(fs::temp_directory_path() / ("scalemart-cli-" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "data");
    programs_.serve = [this](const Config& config, const ServeOptions& options) {
      served_ = config;
      demo_ = options.demo;
      return 0;
    };
    programs_.worker = [this](const Config&, const WorkerOptions& options) {
      worker_ = options;
      return 0;
    };
    programs_.verify_local = [this](const Config&, const Clock&) { return shop_.verify(); };
    programs_.open_local = [this](const Config&, bool) -> Done<std::unique_ptr<Operations>> {
      return std::unique_ptr<Operations>(std::make_unique<Borrowed>(shop_));
    };
  }
  ~Cli() override { fs::remove_all(folder_); }

  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "scalemart");
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    ConfigSources sources;
    sources.environment = [this](std::string_view name) -> std::optional<std::string> {
      if (name == "SCALEMART_DATA") return (folder_ / "data").string();
      return std::nullopt;
    };
    out_.str("");
    err_.str("");
    return run_cli(static_cast<int>(argv.size()), argv.data(), programs_, std::move(sources), out_, err_);
  }
  json::value parsed() const { return json::parse(out_.str()); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  fs::path folder_;
  FakeOperations shop_;
  Programs programs_;
  std::optional<Config> served_;
  std::optional<WorkerOptions> worker_;
  bool demo_ = false;
  std::ostringstream out_, err_;
};

TEST_F(Cli, WebhookVerbsSayWhatTheApiWants) {
  EXPECT_EQ(run({"webhook", "create", "https://a.example/", "--events", "order.confirmed,stock.*"}), 0) << err_.str();
  EXPECT_EQ(run({"webhook", "rotate", "W1", "--grace", "1h"}), 0);
  EXPECT_EQ(run({"webhook", "disable", "W1"}), 0);
  EXPECT_EQ(run({"webhook", "deliveries", "W1", "--state", "dead", "--limit", "7"}), 0);
  EXPECT_EQ(run({"webhook", "retry", "W1", "order_x"}), 0);
  EXPECT_NE(out_.str().find("2 tried again"), std::string::npos);
  EXPECT_EQ(run({"webhook", "delete", "W1"}), 0);
  EXPECT_EQ(run({"webhook", "list", "--json"}), 0);
  EXPECT_EQ(parsed().as_array().size(), 1u);
  EXPECT_EQ(run({"webhook", "test", "W2"}), 1) << "there is none";
  EXPECT_EQ(run({"webhook", "test", "W1"}), 1) << "it was not delivered";
  EXPECT_EQ(run({"webhook", "deliveries", "W1", "--state", "eaten"}), 2);
  const auto& calls = shop_.webhook_calls;
  ASSERT_GE(calls.size(), 6u);
  EXPECT_EQ(json::serialize(calls[0].second), R"({"url":"https://a.example/","events":["order.confirmed","stock.*"]})");
  EXPECT_EQ(json::serialize(calls[1].second), R"({"id":"W1","grace_seconds":3600})");
  EXPECT_EQ(json::serialize(calls[2].second), R"({"enabled":false,"id":"W1"})");
  EXPECT_EQ(json::serialize(calls[3].second), R"({"id":"W1","state":"dead","limit":7})");
  EXPECT_EQ(json::serialize(calls[4].second), R"({"id":"W1","delivery_id":"order_x"})");
  EXPECT_EQ(calls[5].first, "remove");
}

TEST_F(Cli, HelpIsDoneAndNamesEverySubcommand) {
  EXPECT_EQ(run({"--help"}), 0);
  for (const char* name : {"serve", "worker", "user", "product", "rehearse", "verify", "backup", "restore", "migrate",
                           "doctor", "redis", "config", "version"}) {
    EXPECT_NE(out_.str().find(name), std::string::npos) << name;
  }
  for (const char* name : {"serve", "worker", "user", "product", "key", "stats", "rehearse", "verify", "backup",
                           "restore", "migrate", "doctor", "redis", "config", "version"}) {
    EXPECT_EQ(run({name, "--help"}), 0) << name;
    EXPECT_FALSE(out_.str().empty());
  }
}

std::vector<std::string> shared(std::vector<std::string> words) {
  words.insert(words.end(), {"--database", "postgresql://shop:secret@h/shop", "--redis", "redis://h"});
  return words;
}

TEST_F(Cli, MigrateTellsWhatItMoved) {
  bool dry = false;
  programs_.migrate = [&](const Config& config, bool dry_run, const Clock&) -> Done<MigrationReport> {
    dry = dry_run;
    MigrationReport report;
    report.from = config.data.string();
    report.to = "postgresql://h/shop";
    report.dry_run = dry_run;
    report.sums.tables.push_back({"orders", 7, std::string(64, 'a')});
    report.sums.products.push_back({"tea", {10, 5, 2, 3}, 2, 3, 10});
    report.sums.orders[0] = 2;
    report.sums.money["EUR"] = {600, 0};
    return report;
  };
  EXPECT_EQ(run(shared({"migrate"})), 0) << err_.str();
  EXPECT_FALSE(dry);
  for (const char* text : {"orders                     7  aaaaaaaaaaaaaaaa  the same there",
                           "tea                               10           5         2           3",
                           "orders pending 2, processing 0", "money EUR: confirmed 600, refunded 0", "drift 0"})
    EXPECT_NE(out_.str().find(text), std::string::npos) << out_.str();
  EXPECT_EQ(run(shared({"migrate", "--dry-run"})), 0);
  EXPECT_TRUE(dry);
  EXPECT_NE(out_.str().find("dry run: nothing was changed"), std::string::npos) << out_.str();
  EXPECT_NE(out_.str().find("where the tables will be made"), std::string::npos) << out_.str();
  EXPECT_EQ(run(shared({"migrate", "--json"})), 0);
  EXPECT_EQ(parsed().at("orders").at("pending").as_int64(), 2);
  EXPECT_EQ(parsed().at("tables").at(0).at("rows").as_int64(), 7);
}

TEST_F(Cli, MigrateThatIsRefusedIsANo) {
  programs_.migrate = [](const Config&, bool, const Clock&) -> Done<MigrationReport> {
    return Refusal{Refusal::Kind::refused, "target_not_empty", "there is a shop already"};
  };
  EXPECT_EQ(run(shared({"migrate"})), 1);
  EXPECT_EQ(err_.str(), "scalemart: there is a shop already [target_not_empty]\n");
}

TEST_F(Cli, ASharedShopIsBackedUpByItsDatabase) {
  for (const char* command : {"backup", "restore"}) {
    EXPECT_EQ(run(shared({command, (folder_ / "b").string()})), 1);
    EXPECT_NE(err_.str().find("pg_dump"), std::string::npos) << err_.str();
  }
}

TEST_F(Cli, ASharedShopIsProvenWithoutAFolder) {
  fs::remove_all(folder_ / "data");
  EXPECT_EQ(run(shared({"verify"})), 0) << err_.str();
  EXPECT_NE(out_.str().find("(database)"), std::string::npos) << out_.str();
  EXPECT_EQ(out_.str().find("head"), std::string::npos) << out_.str();
}

TEST_F(Cli, RedisIsSetUpByWhatIsPrinted) {
  EXPECT_EQ(run({"redis", "acl"}), 0);
  EXPECT_TRUE(out_.str().starts_with("user default off ")) << out_.str();
  EXPECT_EQ(run({"redis", "functions"}), 0);
  EXPECT_TRUE(out_.str().starts_with("#!lua name=scalemart_v1")) << out_.str().substr(0, 80);
  EXPECT_EQ(run({"redis", "load"}), 2);
  EXPECT_EQ(run({"redis", "load", "http://h"}), 2);
  EXPECT_EQ(run({"redis", "load", "redis://127.0.0.1:1"}), 3);
  EXPECT_NE(err_.str().find("start the server there"), std::string::npos) << err_.str();
}

TEST_F(Cli, APageThatCannotBeMadeIsSaidBeforeTheRehearsal) {
  const std::string page = (folder_ / "report.html").string();
  // Nobody listens on that port: were it tried, it would be said.
  const std::vector<std::string> words{"rehearse", "http://127.0.0.1:1",         "--product", "tea",
                                       "--tokens", write("tokens", "a\nb\nc\n"), "--html",    page};
  EXPECT_EQ(run(words), 3);
  EXPECT_NE(err_.str().find("--html: this program was built without its pages"), std::string::npos) << err_.str();
  programs_.report_page = "<p>no place for it</p>";
  EXPECT_EQ(run(words), 3);
  EXPECT_NE(err_.str().find("--html: the page has no place for a report"), std::string::npos) << err_.str();
  programs_.report_page = R"(<script id="rehearsal" type="application/json">null</script>)";
  EXPECT_EQ(run(words), 3);
  EXPECT_EQ(err_.str().find("--html"), std::string::npos) << err_.str();
  EXPECT_FALSE(fs::exists(page));
}

TEST_F(Cli, WrongUsageIsTwoWithALineOnStderr) {
  const std::vector<std::vector<std::string>> rows{{},
                                                   {"sell"},
                                                   {"serve", "--no-such-flag"},
                                                   {"user"},
                                                   {"user", "seed"},
                                                   {"user", "seed", "--count", "0", "--tokens", "x"},
                                                   {"user", "seed", "--count", "-1", "--tokens", "x"},
                                                   {"user", "seed", "--count", "1", "--tokens", "x", "--ttl", "soon"},
                                                   {"product", "stock", "a"},
                                                   {"product", "change", "a"},
                                                   {"backup"},
                                                   {"rehearse", "http://127.0.0.1:1"},
                                                   {"worker", "--name", "a b"},
                                                   {"worker", "--give-up-after", "soon"},
                                                   {"worker", "orders"}};
  for (const auto& row : rows) {
    EXPECT_EQ(run(row), 2) << testing::PrintToString(row);
    EXPECT_FALSE(err_.str().empty());
  }
}

TEST_F(Cli, AWorkerGetsItsNameAndItsPatience) {
  EXPECT_EQ(run({"worker"}), 0);
  EXPECT_EQ(worker_->name, "");
  EXPECT_EQ(worker_->patience.count(), 0);
  EXPECT_EQ(run({"worker", "--name", "night-1", "--give-up-after", "90s"}), 0);
  EXPECT_EQ(worker_->name, "night-1");
  EXPECT_EQ(worker_->patience, std::chrono::seconds(90));
}

TEST_F(Cli, ServeGetsTheConfigurationAndItsFlags) {
  EXPECT_EQ(run({"serve", "--demo", "--listen", "127.0.0.1:0", "--queue-max", "77"}), 0);
  ASSERT_TRUE(served_);
  EXPECT_TRUE(demo_);
  EXPECT_EQ(served_->listen.port, 0);
  EXPECT_EQ(served_->queue_max, 77U);
}

TEST_F(Cli, BadConfigurationIsThreeAndOneLine) {
  EXPECT_EQ(run({"serve", "--listen", "nowhere"}), 3);
  EXPECT_FALSE(served_);
  EXPECT_TRUE(err_.str().starts_with("scalemart: SCALEMART_LISTEN: \"nowhere\" is not allowed; allowed is"))
      << err_.str();
  const std::string line = err_.str();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST_F(Cli, ConfigPrintsOriginsAndMasksSecrets) {
  EXPECT_EQ(run({"config", "--json", "--jwt-secret", "hunter2hunter2hunter2hunter2hunter2"}), 0);
  EXPECT_EQ(out_.str().find("hunter2"), std::string::npos);
  EXPECT_EQ(parsed().at("SCALEMART_JWT_SECRET").at("from"), "flag");
  EXPECT_EQ(parsed().at("SCALEMART_DATA").at("from"), "environment");
  EXPECT_EQ(parsed().at("SCALEMART_HOLD").at("value"), "10m");
  EXPECT_EQ(run({"config", "--docs"}), 0);
  EXPECT_TRUE(out_.str().starts_with("# Configuration"));
}

TEST_F(Cli, UserIsCreatedWithRoleAndPasswordFromFile) {
  const auto file = write("pw", "correct horse\nsecond line\n");
  EXPECT_EQ(run({"user", "create", "--admin", "--email", "a@b.example", "--password-file", file, "--json"}), 0);
  EXPECT_EQ(parsed().at("role"), "admin");
  EXPECT_EQ(shop_.passwords.at("a@b.example"), "correct horse");
  EXPECT_EQ(run({"user", "create", "--email", "a@b.example", "--password-file", file}), 1);
  EXPECT_NE(err_.str().find("email_taken"), std::string::npos);
  EXPECT_EQ(run({"user", "create", "--email", "c@b.example", "--password-file", write("short", "x\n")}), 2);
  EXPECT_EQ(run({"user", "create", "--email", "c@b.example", "--password-file", "/absent"}), 3);
}

TEST_F(Cli, SeedWritesOneTokenALineForItsOwnerAlone) {
  const auto path = (folder_ / "tokens").string();
  EXPECT_EQ(run({"user", "seed", "--count", "3", "--tokens", path}), 0);
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text, "token-0\ntoken-1\ntoken-2\n");
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(run({"user", "seed", "--count", "3", "--tokens", "/absent/tokens"}), 3);
  const std::string pipe = path + ".pipe";  // Stands for whatever is no plain file, such as /dev/stdout.
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(run({"user", "seed", "--count", "3", "--tokens", pipe}), 3);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(Cli, ListFollowsPagesUpToItsLimit) {
  for (int i = 0; i < 7; ++i)
    (void)shop_.create_user({"u" + std::to_string(i) + "@x.example", "longenough", "", Role::buyer});
  EXPECT_EQ(run({"user", "list", "--limit", "5", "--json"}), 0);
  EXPECT_EQ(parsed().as_array().size(), 5U);
}

TEST_F(Cli, DisableAndEnableAUser) {
  (void)shop_.create_user({"u@x.example", "longenough", "", Role::buyer});
  EXPECT_EQ(run({"user", "disable", "u@x.example"}), 0);
  EXPECT_TRUE(shop_.users.at("u@x.example").disabled);
  EXPECT_EQ(run({"user", "enable", "u@x.example"}), 0);
  EXPECT_FALSE(shop_.users.at("u@x.example").disabled);
  EXPECT_EQ(run({"user", "disable", "nobody@x.example"}), 1);
}

TEST_F(Cli, AUserBecomesAnAdministratorAndABuyerAgain) {
  (void)shop_.create_user({"u@x.example", "longenough", "", Role::buyer});
  EXPECT_EQ(run({"user", "role", "u@x.example", "admin"}), 0);
  EXPECT_EQ(shop_.users.at("u@x.example").role, Role::admin);
  EXPECT_EQ(run({"user", "role", "u@x.example", "buyer"}), 0);
  EXPECT_EQ(shop_.users.at("u@x.example").role, Role::buyer);
  EXPECT_EQ(run({"user", "role", "u@x.example", "king"}), 2);
  EXPECT_EQ(run({"user", "role", "nobody@x.example", "admin"}), 1);
}

TEST_F(Cli, ProductIsCreatedChangedAndRestocked) {
  EXPECT_EQ(run({"product", "create", "tea", "--name", "Tea", "--total", "5", "--price-minor", "199", "--starts-at",
                 "2026-11-27T10:00:00Z"}),
            0);
  EXPECT_EQ(shop_.products.at("tea").at("currency"), "EUR");
  EXPECT_FALSE(shop_.products.at("tea").contains("ends_at"));
  EXPECT_EQ(run({"product", "change", "tea", "--starts-at", "none", "--per-user-limit", "2"}), 0);
  EXPECT_TRUE(shop_.products.at("tea").at("starts_at").is_null());
  EXPECT_EQ(run({"product", "stock", "tea", "--reason", "found some", "--json", "--", "-2"}), 0);
  EXPECT_EQ(parsed().at("total"), 3);
  EXPECT_EQ(run({"product", "pause", "tea"}), 0);
  EXPECT_NE(out_.str().find("paused"), std::string::npos);
  EXPECT_EQ(run({"product", "show", "absent"}), 1);
  EXPECT_EQ(run({"product", "remove", "tea"}), 0);
  EXPECT_TRUE(shop_.products.empty());
}

TEST_F(Cli, VerifySaysDriftAndAnswersByExitCode) {
  EXPECT_EQ(run({"verify"}), 0);
  EXPECT_NE(out_.str().find("drift 0\n"), std::string::npos);
  shop_.verdict.ok = false;
  shop_.verdict.drift = 2;
  shop_.verdict.problems = {"product tea: sold 5, the records say 3"};
  EXPECT_EQ(run({"verify"}), 1);
  EXPECT_NE(out_.str().find("the records say 3"), std::string::npos);
  EXPECT_EQ(run({"verify", "--json"}), 1);
  EXPECT_EQ(parsed().at("drift"), 2);
}

TEST_F(Cli, StoreThatCannotBeOpenedIsThree) {
  const Refusal held{Refusal::Kind::cannot_run, "", "data: held by process 7"};
  programs_.open_local = [&](const Config&, bool) -> Done<std::unique_ptr<Operations>> { return held; };
  programs_.verify_local = [&](const Config&, const Clock&) -> Done<VerifyReport> { return held; };
  EXPECT_EQ(run({"user", "list"}), 3);
  EXPECT_EQ(run({"verify"}), 3);
  EXPECT_EQ(err_.str(), "scalemart: data: held by process 7\n");
  EXPECT_EQ(run({"verify", "--data", "/absent"}), 3);
}

TEST_F(Cli, KeyStatsAndVersionReport) {
  EXPECT_EQ(run({"key", "rotate", "--json"}), 0);
  EXPECT_EQ(parsed().at("kid"), "k2");
  EXPECT_EQ(run({"stats"}), 0);
  EXPECT_EQ(out_.str(),
            "accepted                           3\n"
            "orders pending                     1\n"
            "orders confirmed                   2\n"
            "revenue EUR confirmed      12.50 EUR\n"
            "revenue EUR refunded        0.00 EUR\n"
            "revenue EUR units                  2\n"
            "latency ms p99                  1.23\n"
            "queue stages mail waiting          4\n"
            "drift                              0\n");
  EXPECT_EQ(run({"stats", "--json"}), 0);
  EXPECT_EQ(parsed().at("drift"), 0);
  EXPECT_EQ(run({"version", "--json"}), 0);
  EXPECT_TRUE(parsed().at("libraries").as_object().contains("sqlite"));
}

TEST_F(Cli, DoctorReportsEveryCheckOnce) {
  const int code = run({"doctor", "--json", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(parsed().at("ok").as_bool(), code == 0);
  std::string seen;
  const json::value report = parsed();
  for (const auto& check : report.at("checks").as_array()) {
    seen += std::string(check.at("check").as_string()) + " ";
  }
  for (const char* name : {"open_files", "file_system", "disk_space", "sync_latency", "clock", "sqlite", "port"}) {
    EXPECT_NE(seen.find(name), std::string::npos) << seen;
  }
  EXPECT_TRUE(fs::is_empty(folder_ / "data"));
}

TEST_F(Cli, DoctorCountsTheFilesOfAnOrder) {
  run({"doctor", "--listen", "127.0.0.1:0"});
  EXPECT_NE(out_.str().find("2 files each"), std::string::npos) << out_.str();
  run({"doctor", "--listen", "127.0.0.1:0", "--smtp", "smtp://127.0.0.1:25"});
  EXPECT_NE(out_.str().find("1 file each"), std::string::npos) << out_.str();
}

TEST_F(Cli, DoctorFindsAReadableKeyFile) {
  write("data/token.keys", "secret");
  fs::permissions(folder_ / "data/token.keys", fs::perms(0644));
  EXPECT_EQ(run({"doctor", "--listen", "127.0.0.1:0"}), 1);
  EXPECT_NE(out_.str().find("\u2717 secret_file"), std::string::npos) << out_.str();
}

class Restore : public Cli {
 protected:
  Restore() {
    fs::create_directories(folder_ / "backup/invoices");
    write("backup/journal.db", std::string(3'000'000, 'j'));
    write("backup/invoices/1.pdf", "pdf");
    EXPECT_EQ(seal_backup(folder_ / "backup", {1'700'000'000'000}, 7, "ab").value(), 3'000'003U);
    fs::remove_all(folder_ / "data");
  }
  std::string backup() const { return (folder_ / "backup").string(); }
};

TEST_F(Restore, CopiesEveryFileAndVerifies) {
  EXPECT_EQ(run({"restore", backup()}), 0) << err_.str();
  EXPECT_EQ(fs::file_size(folder_ / "data/journal.db"), 3'000'000U);
  EXPECT_EQ(fs::file_size(folder_ / "data/invoices/1.pdf"), 3U);
  EXPECT_FALSE(fs::exists(folder_ / "data/backup.json"));
  EXPECT_EQ(fs::status(folder_ / "data").permissions(), fs::perms::owner_all);
}

TEST_F(Restore, RefusesAFolderThatHoldsSomething) {
  fs::create_directories(folder_ / "data");
  write("data/keep", "me");
  EXPECT_EQ(run({"restore", backup()}), 3);
  EXPECT_TRUE(fs::exists(folder_ / "data/keep"));
  EXPECT_FALSE(fs::exists(folder_ / "data/journal.db"));
}

TEST_F(Restore, RefusesADamagedBackup) {
  std::fstream file(folder_ / "backup/journal.db", std::ios::in | std::ios::out);
  file.seekp(1'500'000);
  file.put('x');
  file.close();
  EXPECT_EQ(run({"restore", backup()}), 3);
  EXPECT_NE(err_.str().find("journal.db"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "data"));
}

TEST_F(Restore, RefusesWhatIsNoBackup) {
  fs::remove(folder_ / "backup/backup.json");
  EXPECT_EQ(run({"restore", backup()}), 3);
  EXPECT_NE(err_.str().find("is not a backup"), std::string::npos);
}

TEST_F(Restore, RefusesAManifestThatLeadsOut) {
  write("backup/backup.json", R"({"format":1,"made_at":"2026-01-01T00:00:00Z","head":7,"head_hash":"ab",)"
                              R"("files":[{"name":"../evil","bytes":1,"sha256":"00"}]})");
  EXPECT_EQ(run({"restore", backup()}), 3);
  EXPECT_NE(err_.str().find("damaged"), std::string::npos) << err_.str();
}

TEST_F(Restore, SaysNoWhenTheRestoredLedgerIsShorter) {
  shop_.verdict.head = 6;
  EXPECT_EQ(run({"restore", backup()}), 1);
}

TEST_F(Cli, QueueIsListedShownAndSteered) {
  EXPECT_EQ(run({"queue", "list", "--product", "mug", "--reason", "timeout", "--limit", "7"}), 0);
  EXPECT_EQ(shop_.orders.told, (json::object{{"history", false}}));
  EXPECT_NE(out_.str().find("queue running: 1,204 orders in it"), std::string::npos) << out_.str();
  EXPECT_EQ(run({"queue", "list", "--json"}), 0);
  EXPECT_EQ(parsed().at("depth").as_int64(), 1204);
  EXPECT_EQ(run({"queue", "show", "X"}), 0);
  EXPECT_NE(out_.str().find("payment at night-1"), std::string::npos) << out_.str();
  EXPECT_EQ(run({"queue", "show", "nobody"}), 1);
  EXPECT_EQ(run({"queue", "pause"}), 0);
  EXPECT_EQ(shop_.orders.told, (json::object{{"paused", true}}));
  EXPECT_EQ(run({"queue", "resume"}), 0);
  EXPECT_EQ(shop_.orders.told, (json::object{{"paused", false}}));
  EXPECT_EQ(run({"queue", "concurrency", "night-1", "5..50"}), 0);
  EXPECT_EQ(shop_.orders.told, (json::object{{"worker", "night-1"}, {"concurrency", "5..50"}}));
  EXPECT_EQ(run({"queue", "concurrency", "night-1", "50..5"}), 2);
}

TEST_F(Cli, DeadLettersAreSettledByNameOrAll) {
  EXPECT_EQ(run({"queue", "retry", "A", "B"}), 0);
  EXPECT_EQ(shop_.orders.told, (json::object{{"order_ids", {"A", "B"}}, {"retry", true}}));
  EXPECT_EQ(out_.str(), "to be tried again: 2\n");
  EXPECT_EQ(run({"queue", "discard", "--all", "--yes", "--step", "mail"}), 0);
  EXPECT_EQ(shop_.orders.told, (json::object{{"step", "mail"}, {"all", true}, {"retry", false}}));
  EXPECT_EQ(run({"queue", "retry"}), 2);
  EXPECT_EQ(run({"queue", "retry", "A", "--all", "--yes"}), 2);
  EXPECT_EQ(run({"queue", "retry", "A", "--reason", "x"}), 2);
  shop_.orders.settled["failed"] = 1;
  EXPECT_EQ(run({"queue", "retry", "A"}), 1);
}

TEST_F(Cli, ConcurrencyIsASettingOfServeAndWorker) {
  EXPECT_EQ(run({"serve", "--concurrency", "10..200"}), 0);
  EXPECT_EQ(served_->worker_concurrency, Concurrency(10, 200));
  EXPECT_EQ(run({"serve", "--worker-concurrency", "7"}), 0);
  EXPECT_EQ(served_->worker_concurrency, Concurrency(7));
  EXPECT_EQ(run({"worker", "--concurrency", "9..1"}), 3);
  EXPECT_NE(err_.str().find("SCALEMART_WORKER_CONCURRENCY"), std::string::npos);
}

}  // namespace
}  // namespace scalemart
