#include "app/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "app/settings.hpp"
#include "app/units.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using Map = std::map<std::string, std::string, std::less<>>;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    folder_ = std::filesystem::temp_directory_path() / ("scalemart-config-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  ConfigSources sources(Map environment, Map flags = {}) {
    ConfigSources out;
    for (const auto& [name, value] : environment) out.environment_names.push_back(name);
    out.environment = [environment](std::string_view name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    out.flags = std::move(flags);
    return out;
  }
  Result<Config> load(Map environment, Map flags = {}) {
    return load_config(sources(std::move(environment), std::move(flags)));
  }
  std::string fault(Map environment, Map flags = {}) {
    const auto result = load(std::move(environment), std::move(flags));
    return result ? "no fault" : result.error().message;
  }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::filesystem::path folder_;
};

TEST_F(ConfigTest, DefaultsAreTheContracts) {
  const Config c = load({}).value();
  EXPECT_EQ(c.listen.text(), "127.0.0.1:3000");
  EXPECT_EQ(c.data, "./data");
  EXPECT_EQ(c.database, "embedded:");
  EXPECT_EQ(c.rate_limit_flash_buy, "10/60s");
  EXPECT_EQ(c.connections_per_address, 512U);
  EXPECT_EQ(c.payment, "simulated:?latency=2s&decline=0%");
  EXPECT_EQ(c.workers, 1U);
  EXPECT_EQ(c.worker_concurrency, Concurrency(10'000));
  EXPECT_EQ(c.hold, 10min);
  EXPECT_EQ(c.request_deadline, 2s);
  EXPECT_EQ(c.log, log::Level::info);
  EXPECT_TRUE(c.redis.empty() && c.smtp.empty() && c.jwt_secret.empty() && c.admin_email.empty());
}

TEST_F(ConfigTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const auto file = write("a.toml", "queue_max = 100\nhold = \"1h\"\nlisten = \"127.0.0.1:1\"\n");
  const Config c =
      load({{"SCALEMART_CONFIG", file}, {"SCALEMART_QUEUE_MAX", "200"}, {"SCALEMART_LISTEN", "127.0.0.1:2"}},
           {{"SCALEMART_LISTEN", "127.0.0.1:3"}})
          .value();
  EXPECT_EQ(c.hold, 1h);
  EXPECT_EQ(c.queue_max, 200U);
  EXPECT_EQ(c.listen.port, 3);
  EXPECT_EQ(c.origins.at("SCALEMART_HOLD"), "file " + file);
  EXPECT_EQ(c.origins.at("SCALEMART_QUEUE_MAX"), "environment");
  EXPECT_EQ(c.origins.at("SCALEMART_LISTEN"), "flag");
  EXPECT_EQ(c.origins.at("SCALEMART_WORKERS"), "default");
}

TEST_F(ConfigTest, WrongValueNamesVariableFaultAndWhatIsAllowed) {
  struct Row {
    const char* variable;
    const char* value;
    const char* allowed;
  };
  const Row rows[] = {
      {"SCALEMART_LISTEN", "3000", "address:port"},
      {"SCALEMART_LISTEN", "127.0.0.1:65536", "address:port"},
      {"SCALEMART_LISTEN", "::1:3000", "address:port"},
      {"SCALEMART_WORKERS", "-1", "0 to 64"},
      {"SCALEMART_WORKERS", "65", "0 to 64"},
      {"SCALEMART_WORKERS", "1.5", "0 to 64"},
      {"SCALEMART_WORKERS", "99999999999999999999", "0 to 64"},
      {"SCALEMART_HOLD", "10", "1s to 30d"},
      {"SCALEMART_HOLD", "0", "1s to 30d"},
      {"SCALEMART_HOLD", "31d", "1s to 30d"},
      {"SCALEMART_HOLD", "1500us", "1s to 30d"},
      {"SCALEMART_COMMIT_WINDOW", "51ms", "0 to 50ms"},
      {"SCALEMART_BODY_MAX", "1GiB", "1KiB to 16MiB"},
      {"SCALEMART_LOG", "verbose", "trace, debug"},
      {"SCALEMART_DATABASE", "mysql://x", "embedded:"},
      {"SCALEMART_TRUSTED_PROXIES", "10.0.0.0/33", "networks such as"},
      {"SCALEMART_CORS_ORIGINS", "https://a.example/path", "origins such as"},
      {"SCALEMART_SMTP", "mail.example:25", "smtp://host:port"},
      {"SCALEMART_ADMIN_EMAIL", "admin", "an e-mail address"},
      {"SCALEMART_SMTP_FROM", "<shop@example.com>", "an e-mail address"},
      {"SCALEMART_SMTP_FROM", "Shop <shop@example.com>", "an e-mail address"},
      {"SCALEMART_SHOP_NAME", "a\nb", "without control characters"},
  };
  for (const Row& row : rows) {
    const auto message = fault({{row.variable, row.value}});
    EXPECT_TRUE(message.starts_with(std::string(row.variable) + ": ")) << message;
    EXPECT_NE(message.find(row.allowed), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST_F(ConfigTest, SecretsAreNeverRepeatedInFaultsOrListings) {
  EXPECT_EQ(fault({{"SCALEMART_JWT_SECRET", "short-hunter2"}}).find("hunter2"), std::string::npos);
  EXPECT_EQ(fault({{"SCALEMART_SMTP", "ftp://u:hunter2@h"}}).find("hunter2"), std::string::npos);
  const Config c = load({{"SCALEMART_JWT_SECRET", "hunter2hunter2hunter2hunter2hunter2"},
                         {"SCALEMART_SMTP", "smtp://u:hunter2@h:25"}})
                       .value();
  for (const Setting& setting : settings())
    EXPECT_EQ(setting.show(c).find("hunter2"), std::string::npos) << setting.name;
}

TEST_F(ConfigTest, SecretComesFromAFileWithoutItsNewline) {
  const auto file = write("secret", std::string(40, 'k') + "x\n");
  EXPECT_EQ(load({{"SCALEMART_JWT_SECRET_FILE", file}}).value().jwt_secret, std::string(40, 'k') + "x");
  EXPECT_EQ(fault({{"SCALEMART_JWT_SECRET_FILE", file}, {"SCALEMART_JWT_SECRET", std::string(40, 'y')}}),
            "SCALEMART_JWT_SECRET and SCALEMART_JWT_SECRET_FILE are both set; allowed is one");
  EXPECT_NE(fault({{"SCALEMART_JWT_SECRET_FILE", (folder_ / "absent").string()}}).find("cannot be read"),
            std::string::npos);
}

TEST_F(ConfigTest, FileWithUnknownKeyIsRefusedWithTheNearestName) {
  const auto file = write("a.toml", "queue_mx = 100\n");
  EXPECT_NE(fault({{"SCALEMART_CONFIG", file}}).find("queue_mx is not a setting; did you mean queue_max?"),
            std::string::npos);
}

TEST_F(ConfigTest, FileReadsTablesListsAndNumbers) {
  const auto file = write("a.toml",
                          "workers = 2\ncors_origins = [\"https://a.example\", \"https://b.example\"]\n"
                          "[rate_limit]\nlogin = \"5/1s\"\n");
  const Config c = load({{"SCALEMART_CONFIG", file}}).value();
  EXPECT_EQ(c.workers, 2U);
  EXPECT_EQ(c.cors_origins, (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_EQ(c.rate_limit_login, "5/1s");
}

TEST_F(ConfigTest, BrokenFileNamesItsLine) {
  EXPECT_NE(fault({{"SCALEMART_CONFIG", write("a.toml", "a = 1\nb = = 2\n")}}).find("line 2"), std::string::npos);
  EXPECT_NE(fault({{"SCALEMART_CONFIG", write("b.toml", "hold = 1.5\n")}}).find("line 1: hold must be"),
            std::string::npos);
  EXPECT_NE(fault({{"SCALEMART_CONFIG", "/absent.toml"}}).find("cannot be read"), std::string::npos);
}

TEST_F(ConfigTest, MisspeltVariableIsAWarning) {
  const Config c = load({{"SCALEMART_LISEN", "x"}, {"SCALEMART_CONFIG", ""}, {"SCALEMART_HOLD_FILE", "x"}}).value();
  ASSERT_EQ(c.warnings.size(), 2U);
  EXPECT_EQ(c.warnings[0].rfind("SCALEMART_HOLD_FILE is not a setting", 0), 0U);
  EXPECT_EQ(c.warnings[1], "SCALEMART_LISEN is not a setting; did you mean SCALEMART_LISTEN?");
}

TEST_F(ConfigTest, EmptyVariableLeavesTheDefault) {
  EXPECT_EQ(load({{"SCALEMART_LISTEN", ""}, {"SCALEMART_REDIS", ""}}).value().listen.port, 3000);
}

TEST_F(ConfigTest, PairsGoTogether) {
  EXPECT_NE(fault({{"SCALEMART_TLS_CERT", "a.pem"}}).find("both or neither"), std::string::npos);
  EXPECT_NE(fault({{"SCALEMART_ADMIN_EMAIL", "a@b.example"}}).find("both or neither"), std::string::npos);
  EXPECT_NE(fault({{"SCALEMART_SMTP_USER", "a"}}).find("both or neither"), std::string::npos);
}

TEST_F(ConfigTest, LimitsMustFitEachOther) {
  EXPECT_NE(
      fault({{"SCALEMART_CONNECTIONS_MAX", "100"}, {"SCALEMART_VIEWERS_MAX", "100"}}).find("SCALEMART_VIEWERS_MAX"),
      std::string::npos);
  EXPECT_EQ(load({{"SCALEMART_CONNECTIONS_MAX", "100"}}).value().viewers_max, 75U);
  EXPECT_NE(fault({{"SCALEMART_COMMIT_WINDOW", "50ms"}, {"SCALEMART_REQUEST_DEADLINE", "100ms"}}).find("quarter"),
            std::string::npos);
  Config c = load({}).value();
  c.connections_max = 1000;
  c.viewers_max = 10;
  EXPECT_EQ(check_together(c, 1256), std::nullopt);
  EXPECT_NE(check_together(c, 1255).value_or("").find("1255 open files"), std::string::npos);
}

TEST_F(ConfigTest, OpenListenerIsWarnedAbout) {
  const Config c = load({{"SCALEMART_LISTEN", "0.0.0.0:80"}}).value();
  EXPECT_EQ(c.warnings.size(), 2U);
  EXPECT_TRUE(load({{"SCALEMART_LISTEN", "[::1]:80"}}).value().warnings.empty());
}

TEST_F(ConfigTest, StagesParsersAreAsked) {
  auto asked = sources({{"SCALEMART_RATE_LIMIT_LOGIN", "lots"}});
  asked.check = [](std::string_view variable, std::string_view value) -> std::optional<std::string> {
    if (variable == "SCALEMART_RATE_LIMIT_LOGIN" && value == "lots")
      return "\"lots\" is not allowed; allowed is N/period";
    return std::nullopt;
  };
  EXPECT_EQ(load_config(asked).error().message,
            "SCALEMART_RATE_LIMIT_LOGIN: \"lots\" is not allowed; allowed is N/period");
}

TEST(Settings, NamesAreUniqueAndEveryDefaultIsAllowedAndPrintsAsWritten) {
  std::set<std::string> names;
  Config c;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.variable()).second) << setting.name;
    EXPECT_EQ(setting.assign(c, setting.fallback), std::nullopt) << setting.name;
    EXPECT_EQ(setting.show(c, true), setting.fallback) << setting.name;
    EXPECT_EQ(find_setting(setting.flag()), &setting);
    EXPECT_FALSE(setting.help.empty());
  }
}

TEST(Settings, DocumentationIsWhatTheTableSays) {
  std::ifstream file(SCALEMART_SOURCE_DIR "/docs/configuration.md");
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(written, settings_markdown()) << "write it with: scalemart config --docs >docs/configuration.md";
}

TEST(Units, TimesAndSizes) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("250us"), 250us);
  EXPECT_EQ(parse_duration("1d"), 24h);
  for (const char* wrong : {"", "s", "5", "-1s", "1.5s", "1 s", "1w", "1S", "9999999999999d"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("10"), 10U);
  for (const char* wrong : {"", "1kb", "KiB", "-1", "99999999999GiB"})
    EXPECT_EQ(parse_bytes(wrong), std::nullopt) << wrong;
  EXPECT_EQ(show_duration(90s), "90s");
  EXPECT_EQ(show_duration(3600s), "1h");
  EXPECT_EQ(show_bytes(1536), "1536B");
}

}  // namespace
}  // namespace scalemart
