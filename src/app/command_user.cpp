// scalemart user create|seed|list|disable|enable|role|password

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ostream>

#include "app/command.hpp"
#include "app/operations_json.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

std::string first_line(std::istream& in) {
  std::string line;
  std::getline(in, line);
  while (line.ends_with('\r')) line.pop_back();
  return line;
}

// Without echo when a person types; otherwise the first line of what is piped in.
std::string ask_password(std::ostream& err) {
  if (isatty(STDIN_FILENO) == 0) return first_line(std::cin);
  err << "Password: " << std::flush;
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line = first_line(std::cin);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  err << '\n';
  return line;
}

// Nothing: said why on err already.
std::optional<std::string> read_password(CommandContext& context, const std::string& file) {
  if (file.empty()) return ask_password(context.err);
  std::ifstream in(file);
  std::string password = first_line(in);
  if (password.empty()) {
    context.fail(kCannotRun, "--password-file: \"" + file + "\" is empty or cannot be read");
    return std::nullopt;
  }
  return password;
}

// Tokens are as good as passwords: the file is for its owner alone, and appears whole or not at all.
class TokenFile {
 public:
  explicit TokenFile(const std::string& path) : path_(path), aside_(path + ".part") {
    // It takes the name's place, which must not be a device's.
    std::error_code absent;
    const auto status = std::filesystem::status(path, absent);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return;
    const int fd = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) file_ = fdopen(fd, "w");
    opened_ = file_ != nullptr;
  }
  ~TokenFile() {
    if (file_ != nullptr) std::fclose(file_);
    if (opened_ && !kept_) ::unlink(aside_.c_str());
  }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  [[nodiscard]] bool is_open() const { return file_ != nullptr; }
  bool add(std::string_view token) {
    return std::fwrite(token.data(), 1, token.size(), file_) == token.size() && std::fputc('\n', file_) != EOF;
  }
  bool keep() {
    const bool written = std::fclose(file_) == 0;
    file_ = nullptr;
    kept_ = written && ::rename(aside_.c_str(), path_.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_, aside_;
  std::FILE* file_ = nullptr;
  bool opened_ = false, kept_ = false;
};

struct CreateOptions {
  std::string email, password_file, name;
  bool admin = false;
};

int create(CommandContext& context, const CreateOptions& options) {
  auto password = read_password(context, options.password_file);
  if (!password) return kCannotRun;
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  auto made =
      operations->create_user({options.email, *password, options.name, options.admin ? Role::admin : Role::buyer});
  if (!made) return context.refuse(made.error());
  if (context.json) {
    context.print(to_json(*made));
  } else {
    context.out << "created " << to_text(made->role) << ' ' << made->email << " (" << to_string(made->id) << ")\n";
  }
  return kDone;
}

struct SeedOptions {
  std::uint64_t count = 0;
  std::string tokens;
  std::chrono::microseconds ttl = std::chrono::hours(24);
};

int seed(CommandContext& context, const SeedOptions& options) {
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(options.ttl);
  if (ttl < std::chrono::seconds(1) || ttl > std::chrono::hours(24 * 30)) {
    return context.fail(kWrongUsage, "--ttl: allowed is 1s to 30d");
  }
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  TokenFile file(options.tokens);
  if (!file.is_open()) return context.fail(kCannotRun, "--tokens: \"" + options.tokens + "\" cannot be written");
  const SteadyTime begin = context.clock.steady();
  bool written = true;
  auto done =
      operations->seed_users({options.count, ttl}, [&](std::string_view token) { return written = file.add(token); });
  if (!written) return context.fail(kCannotRun, "--tokens: \"" + options.tokens + "\" cannot be written");
  if (!done) return context.refuse(done.error());
  if (!file.keep()) return context.fail(kCannotRun, "--tokens: \"" + options.tokens + "\" cannot be written");
  const double seconds = std::chrono::duration<double>(context.clock.steady() - begin).count();
  if (context.json) {
    context.print({{"created", options.count}, {"tokens", options.tokens}, {"seconds", seconds}});
  } else {
    context.out << "created " << options.count << " buyers; tokens in " << options.tokens << '\n';
  }
  return kDone;
}

int list(CommandContext& context, std::uint64_t limit) {
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  boost::json::array shown;
  std::string cursor;
  std::uint64_t left = limit;
  while (left > 0) {
    auto page = operations->list_users(static_cast<std::size_t>(std::min<std::uint64_t>(left, 500)), cursor);
    if (!page) return context.refuse(page.error());
    for (const UserSummary& user : page->users) {
      if (left-- == 0) break;
      if (context.json) {
        shown.push_back(to_json(user));
      } else {
        context.out << to_string(user.id) << "  " << to_text(user.role) << (user.disabled ? "  disabled  " : "  ")
                    << user.email << "  " << to_rfc3339(user.created_at) << '\n';
      }
      if (left == 0) break;
    }
    if (!page->next_cursor || page->users.empty()) break;
    cursor = *page->next_cursor;
  }
  if (context.json) context.print(shown);
  return kDone;
}

int set_disabled(CommandContext& context, const std::string& email, bool disabled) {
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  if (auto done = operations->set_user_disabled(email, disabled); !done) return context.refuse(done.error());
  if (context.json) {
    context.print({{"email", email}, {"disabled", disabled}});
  } else {
    context.out << (disabled ? "disabled " : "enabled ") << email << '\n';
  }
  return kDone;
}

int set_role(CommandContext& context, const std::string& email, const std::string& role_text) {
  const auto role = parse_role(role_text);
  if (!role) return context.fail(kWrongUsage, "role: \"" + role_text + "\" is none; allowed is buyer or admin");
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  if (auto done = operations->set_role(email, *role); !done) return context.refuse(done.error());
  if (context.json) {
    context.print({{"email", email}, {"role", role_text}});
  } else {
    context.out << email << " is " << (*role == Role::admin ? "an administrator" : "a buyer") << " now\n";
  }
  return kDone;
}

int change_password(CommandContext& context, const CreateOptions& options) {
  auto password = read_password(context, options.password_file);
  if (!password) return kCannotRun;
  const auto operations = context.operations();
  if (!operations) return kCannotRun;
  if (auto done = operations->set_password(options.email, *password); !done) return context.refuse(done.error());
  if (context.json) {
    context.print({{"email", options.email}, {"changed", true}});
  } else {
    context.out << "changed; " << options.email << " is signed out everywhere\n";
  }
  return kDone;
}

}  // namespace

void declare_user(CommandSpec spec) {
  {
    auto options = std::make_shared<CreateOptions>();
    auto sub = spec.sub("create", "Create a buyer, or an administrator with --admin");
    sub.flag("--admin", options->admin, "With the role admin");
    sub.text("--email", options->email, "E-mail address", true);
    sub.text("--password-file", options->password_file, "File whose first line is the password; else it is asked for");
    sub.text("--name", options->name, "Name");
    sub.run([options](CommandContext& context) { return create(context, *options); });
  }
  {
    auto options = std::make_shared<SeedOptions>();
    auto sub = spec.sub("seed", "Create many buyers for a load run; one access token a line");
    sub.number("--count", options->count, "How many", 1, 1'000'000, true);
    sub.text("--tokens", options->tokens, "File to write (mode 0600)", true);
    sub.duration("--ttl", options->ttl, "How long the tokens are good for [24h]");
    sub.run([options](CommandContext& context) { return seed(context, *options); });
  }
  {
    auto limit = std::make_shared<std::uint64_t>(100);
    auto sub = spec.sub("list", "List users");
    sub.number("--limit", *limit, "At most so many [100]", 1, 10'000'000);
    sub.run([limit](CommandContext& context) { return list(context, *limit); });
  }
  for (const bool disabled : {true, false}) {
    auto email = std::make_shared<std::string>();
    auto sub = spec.sub(disabled ? "disable" : "enable",
                        disabled ? "Refuse a user's logins and end the open ones" : "Let a disabled user in again");
    sub.text("email", *email, "E-mail address", true);
    sub.run([email, disabled](CommandContext& context) { return set_disabled(context, *email, disabled); });
  }
  {
    auto email = std::make_shared<std::string>();
    auto role = std::make_shared<std::string>();
    auto sub = spec.sub("role", "Make a user an administrator, or a buyer again");
    sub.text("email", *email, "E-mail address", true);
    sub.text("role", *role, "buyer or admin", true);
    sub.run([email, role](CommandContext& context) { return set_role(context, *email, *role); });
  }
  {
    auto options = std::make_shared<CreateOptions>();
    auto sub = spec.sub("password", "Set a user's password");
    sub.text("email", options->email, "E-mail address", true);
    sub.text("--password-file", options->password_file, "File whose first line is the password; else it is asked for");
    sub.run([options](CommandContext& context) { return change_password(context, *options); });
  }
}

}  // namespace scalemart
