#include "auth/keys.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

#include "auth/base64url.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kFileName = "token.keys";
constexpr std::size_t kFileBytesMax = 4096;

/// Secrets found in tutorials, examples and default configurations, reduced as below.
constexpr std::string_view kKnown[] = {"yourbitsecret",
                                       "astringsecretatleastbitslong",
                                       "secret",
                                       "secretkey",
                                       "supersecret",
                                       "supersecretkey",
                                       "changeme",
                                       "changethis",
                                       "pleasechange",
                                       "changeit",
                                       "replaceme",
                                       "mysecret",
                                       "mysecretkey",
                                       "jwtsecret",
                                       "jwtsecretkey",
                                       "yoursecret",
                                       "yoursecretkey",
                                       "yourjwtsecret",
                                       "topsecret",
                                       "notsecret",
                                       "verysecret",
                                       "shhhh",
                                       "shhhhhared",
                                       "password",
                                       "passphrase",
                                       "passw",
                                       "default",
                                       "example",
                                       "test",
                                       "testing",
                                       "development",
                                       "production",
                                       "admin",
                                       "scalemart",
                                       "token",
                                       "signing",
                                       "signature",
                                       "private",
                                       "key",
                                       "jwt",
                                       "hmac",
                                       "hs",
                                       "sha",
                                       "please",
                                       "the",
                                       "this",
                                       "my",
                                       "your",
                                       "a",
                                       "is",
                                       "very",
                                       "long",
                                       "longer",
                                       "enough",
                                       "at",
                                       "least",
                                       "bits",
                                       "bytes",
                                       "characters",
                                       "random",
                                       "string",
                                       "here",
                                       "for",
                                       "in",
                                       "use",
                                       "only",
                                       "not",
                                       "do",
                                       "qwertyuiop",
                                       "asdfghjkl",
                                       "zxcvbnm",
                                       "abcdefghijklmnopqrstuvwxyz",
                                       "keyboardcat",
                                       "helloworld",
                                       "lorem",
                                       "ipsum",
                                       "foobar",
                                       "foo",
                                       "bar"};
/// The key of RFC 7515 appendix A.1, as text and as bytes' text form.
constexpr std::string_view kRfcKey =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z')
      letters.push_back(static_cast<char>(c | 32));
    else if (c >= 'a' && c <= 'z')
      letters.push_back(c);
  }
  return letters;
}

/// Made of known words and nothing else (digits and separators do not count).
bool is_made_of_words(std::string_view secret) {
  const std::string letters = letters_of(secret);
  if (letters.size() * 2 < secret.size()) return false;  // mostly digits and signs: judged by variety
  std::vector<bool> reachable(letters.size() + 1, false);
  reachable[0] = true;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (!reachable[i]) continue;
    for (const std::string_view word : kKnown)
      if (std::string_view(letters).substr(i).starts_with(word)) reachable[i + word.size()] = true;
  }
  return reachable[letters.size()];
}

bool repeats_a_short_unit(std::string_view secret) {
  for (std::size_t unit = 1; unit <= 16 && unit * 2 <= secret.size(); ++unit)
    if (secret.substr(unit) == secret.substr(0, secret.size() - unit)) return true;
  return false;
}

bool is_a_run(std::string_view secret) {
  std::size_t steps = 0;
  for (std::size_t i = 1; i < secret.size(); ++i) {
    const int difference = secret[i] - secret[i - 1];
    if (difference >= -1 && difference <= 1) ++steps;
  }
  return steps * 4 >= secret.size() * 3;
}

SigningKey make_key(std::string_view secret) {
  const auto digest = sha256("scalemart token key id\n" + std::string(secret));
  std::string kid = base64url_encode({reinterpret_cast<const char*>(digest.data()), 6});
  std::string header = base64url_encode(R"({"alg":"HS256","typ":"at+jwt","kid":")" + kid + "\"}");
  return {std::move(kid), HmacSha256(secret), std::move(header)};
}

Error file_error(const std::filesystem::path& file, std::string_view what) {
  return error(file.string() + ": " + std::string(what) + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Secrets {
  std::string current;
  std::string previous;  ///< Empty: none.
};

/// Lines "current SECRET" and "previous SECRET", base64url.
Result<Secrets> read_secrets(const std::filesystem::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (fd.get() < 0) return file_error(file, "cannot be opened");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error(file, "cannot be examined");
  if (!S_ISREG(info.st_mode)) return error(file.string() + ": is not a plain file");
  if ((info.st_mode & 077) != 0)
    return error(file.string() + ": others can read or write it; run: chmod 600 " + file.string());
  char text[kFileBytesMax];
  const ssize_t size = ::read(fd.get(), text, sizeof text);
  if (size < 0) return file_error(file, "cannot be read");
  Secrets secrets;
  std::string_view rest(text, static_cast<std::size_t>(size));
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t space = line.find(' ');
    std::string* into = line.starts_with("current ")    ? &secrets.current
                        : line.starts_with("previous ") ? &secrets.previous
                                                        : nullptr;
    char bytes[256];
    const auto length = into == nullptr ? std::nullopt : base64url_decode(line.substr(space + 1), bytes, sizeof bytes);
    if (!length || *length < kSecretBytesMin || !into->empty())
      return error(file.string() +
                   ": is damaged; restore it from a backup, or delete it: access tokens then end, and "
                   "refresh tokens get new ones");
    into->assign(bytes, *length);
    OPENSSL_cleanse(bytes, sizeof bytes);
  }
  OPENSSL_cleanse(text, sizeof text);
  if (secrets.current.empty()) return error(file.string() + ": holds no current key");
  return secrets;
}

/// Whole or not at all, also across a power cut.
Result<void> write_secrets(const std::filesystem::path& file, const Secrets& secrets) {
  std::string text = "current " + base64url_encode(secrets.current) + "\n";
  if (!secrets.previous.empty()) text += "previous " + base64url_encode(secrets.previous) + "\n";
  const std::filesystem::path fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  {
    const Descriptor fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0) return file_error(fresh, "cannot be created");
    const bool written = ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    OPENSSL_cleanse(text.data(), text.size());
    if (!written || ::fsync(fd.get()) != 0) {
      const Error failure = file_error(fresh, "cannot be written");
      ::unlink(fresh.c_str());
      return failure;
    }
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return file_error(file, "cannot be replaced");
  const Descriptor folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return file_error(file.parent_path(), "cannot be synced");
  return {};
}

std::shared_ptr<const KeySet> make_set(const Secrets& secrets) {
  auto set = std::make_shared<KeySet>(KeySet{make_key(secrets.current), std::nullopt});
  if (!secrets.previous.empty()) set->previous = make_key(secrets.previous);
  return set;
}

std::string fresh_secret(Random& random) {
  std::string secret(kSecretBytesMin, '\0');
  random.fill(std::as_writable_bytes(std::span(secret.data(), secret.size())));
  return secret;
}

}  // namespace

std::optional<std::string> weakness_of_secret(std::string_view secret) {
  if (secret.size() < kSecretBytesMin)
    return "it has " + std::to_string(secret.size()) + " bytes; at least " + std::to_string(kSecretBytesMin) +
           " are needed";
  if (std::set<char>(secret.begin(), secret.end()).size() < 8) return "it is made of too few different characters";
  if (repeats_a_short_unit(secret) || is_a_run(secret)) return "it is a repetition or a run";
  if (is_made_of_words(secret) || secret == kRfcKey) return "it is well known";
  return std::nullopt;
}

const SigningKey* KeySet::find(std::string_view kid) const {
  if (kid == current.kid) return &current;
  if (previous && kid == previous->kid) return &*previous;
  return nullptr;
}

Result<std::unique_ptr<KeyRing>> KeyRing::from_secret(std::string_view secret,
                                                      std::optional<std::string_view> previous) {
  for (const std::string_view each : {secret, previous.value_or(secret)})
    if (const auto weakness = weakness_of_secret(each))
      return error("the token secret must not be used: " + *weakness + "; make one with: openssl rand -base64 48");
  return std::unique_ptr<KeyRing>(new KeyRing({}, make_set({std::string(secret), std::string(previous.value_or(""))})));
}

Result<std::unique_ptr<KeyRing>> KeyRing::open(const std::filesystem::path& folder, Random& random) {
  const std::filesystem::path file = folder / kFileName;
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) {
    auto written = write_secrets(file, {fresh_secret(random), {}});
    if (!written) return written.error();
  }
  auto secrets = read_secrets(file);
  if (!secrets) return secrets.error();
  return std::unique_ptr<KeyRing>(new KeyRing(file, make_set(*secrets)));
}

Result<void> KeyRing::rotate(Random& random) {
  if (file_.empty()) return error("the token secret comes from the configuration; change it there");
  auto secrets = read_secrets(file_);
  if (!secrets) return secrets.error();
  const Secrets next{fresh_secret(random), secrets->current};
  auto written = write_secrets(file_, next);
  if (!written) return written.error();
  replace(make_set(next));
  return {};
}

Result<void> KeyRing::reload() {
  if (file_.empty()) return {};
  auto secrets = read_secrets(file_);
  if (!secrets) return secrets.error();
  replace(make_set(*secrets));
  return {};
}

std::shared_ptr<const KeySet> KeyRing::get() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void KeyRing::replace(std::shared_ptr<const KeySet> keys) {
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace scalemart
