#include "app/doctor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include "app/control_socket.hpp"
#include "app/providers.hpp"
#include "app/shared_doctor.hpp"
#include "app/units.hpp"
#include "backend/embedded/durable_file.hpp"
#include "backend/stripe/settings.hpp"
#include "domain/time_text.hpp"
#include "gateway/tls.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;
using Verdict = Finding::Verdict;
using Findings = std::vector<Finding>;

// The data folder, or the nearest folder above that exists.
fs::path existing_folder(const Config& config) {
  std::error_code fault;
  fs::path folder = fs::absolute(config.data, fault).lexically_normal();
  while (!fs::exists(folder, fault) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

std::string first_line_of(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

Finding check_open_files(const Config& config) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto detail = fmt::format("up to {} for {} connections", limit.rlim_max, config.connections_max);
  if (limit.rlim_max < config.connections_max + 256ULL) {
    return {Verdict::bad, "open_files", detail + "; raise it: ulimit -Hn, or LimitNOFILE= in the unit"};
  }
  if (config.connections_max < 10'256) {
    return {Verdict::odd, "open_files", detail + "; enough to start, little for a crowd"};
  }
  return {Verdict::good, "open_files", detail};
}

Finding check_file_system(const fs::path& folder) {
  struct statfs found {};
  if (statfs(folder.c_str(), &found) != 0)
    return {Verdict::bad, "file_system", folder.string() + ": " + std::strerror(errno)};
  struct Kind {
    std::uint32_t magic;
    const char* name;
    Verdict verdict;
    const char* note;
  };
  static constexpr std::array kKinds{
      // magics: statfs(2)
      Kind{0xEF53, "ext4", Verdict::good, ""},
      Kind{0x58465342, "xfs", Verdict::good, ""},
      Kind{0x9123683E, "btrfs", Verdict::odd, "; commits are slow on copy-on-write, use chattr +C on an empty folder"},
      Kind{0x2FC12FC1, "zfs", Verdict::good, ""},
      Kind{0x794C7630, "overlay", Verdict::odd, "; a container's own layer is lost with it, mount a volume"},
      Kind{0x01021994, "tmpfs", Verdict::bad, "; memory: nothing survives a power cut"},
      Kind{0x6969, "nfs", Verdict::bad, "; locks and syncs are not what the ledger needs, use a local disk"},
      Kind{0xFF534D42, "cifs", Verdict::bad, "; locks and syncs are not what the ledger needs, use a local disk"},
  };
  for (const Kind& kind : kKinds) {
    if (static_cast<std::uint32_t>(found.f_type) == kind.magic) {
      return {kind.verdict, "file_system", fmt::format("{} is on {}{}", folder.string(), kind.name, kind.note)};
    }
  }
  return {Verdict::odd, "file_system",
          fmt::format("{} is on a kind not known here ({:#x})", folder.string(), found.f_type)};
}

struct OrderCost {
  std::uint64_t bytes;
  std::uint64_t files;
};

/// Measured: 170 bytes in the journal, 350 in the query database, an invoice of 1.8 KB and, without an SMTP
/// server, a mail of 5 KB. A file takes whole blocks, an inode and its line in the folder.
OrderCost cost_of_order(const Config& config, std::uint64_t block) {
  const auto on_disk = [block](std::uint64_t size) { return (size + block - 1) / block * block + 256 + 64; };
  const bool mails_are_files = config.smtp.empty();
  return {170 + 350 + on_disk(1800) + (mails_are_files ? on_disk(5100) : 0), mails_are_files ? 2U : 1U};
}

Finding check_disk_space(const Config& config, const fs::path& folder) {
  struct statvfs found {};
  if (statvfs(folder.c_str(), &found) != 0) return {Verdict::bad, "disk_space", std::strerror(errno)};
  const std::uint64_t free = found.f_bavail * found.f_frsize;
  const auto [bytes, files] = cost_of_order(config, found.f_frsize);
  std::uint64_t orders = (free - std::min(free, config.disk_reserve)) / bytes;
  const bool counts_files = found.f_files > 0;  // not all file systems have a table of them
  if (counts_files) orders = std::min<std::uint64_t>(orders, found.f_favail / files);
  const auto detail =
      fmt::format("{} MiB{} free, room for about {} thousand orders, {:.1f} KiB and {} {} each", free >> 20,
                  counts_files ? fmt::format(" and {} thousand files", found.f_favail / 1000) : "", orders / 1000,
                  static_cast<double>(bytes) / 1024, files, files == 1 ? "file" : "files");
  if (free <= config.disk_reserve) {
    return {Verdict::bad, "disk_space", detail + "; below SCALEMART_DISK_RESERVE: buys would be refused"};
  }
  return {free < (1ULL << 30) ? Verdict::odd : Verdict::good, "disk_space", detail};
}

// What one commit costs at least: 4 KiB written and synced, many times.
Finding check_sync_latency(const fs::path& folder, const Clock& clock) {
  const fs::path path = folder / fmt::format(".scalemart-doctor-{}", getpid());
  auto file = open_file(path, O_RDWR | O_CREAT | O_EXCL);
  if (!file) return {Verdict::bad, "sync_latency", file.error().message + "; the folder must be writable"};
  std::vector<double> times;
  std::string fault;
  const std::vector<std::byte> block(4096, std::byte{0x5a});
  for (int i = 0; i < 100 && fault.empty(); ++i) {
    const SteadyTime begin = clock.steady();
    if (auto done = write_all(*file, path, block); !done) fault = done.error().message;
    if (fdatasync(file->get()) != 0) fault = std::strerror(errno);
    times.push_back(std::chrono::duration<double, std::milli>(clock.steady() - begin).count());
  }
  ::unlink(path.c_str());
  if (!fault.empty()) return {Verdict::bad, "sync_latency", fault};
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  const auto detail = fmt::format("median {:.2f} ms, slowest of {} {:.2f} ms", median, times.size(), times.back());
  if (median > 20) return {Verdict::bad, "sync_latency", detail + "; every answer waits for this, use a faster disk"};
  if (median > 5) return {Verdict::odd, "sync_latency", detail + "; every answer waits for this"};
  if (median < 0.02)
    return {Verdict::odd, "sync_latency", detail + "; too fast to be true: does the disk really sync?"};
  return {Verdict::good, "sync_latency", detail};
}

Finding check_clock(const Clock& clock) {
  const WallTime now = clock.wall();
  const auto text = to_rfc3339(now);
  if (text < "2025" || text > "2100")
    return {Verdict::bad, "clock", text + " cannot be; sale windows and tokens need the time"};
  timex state{};
  const int code = adjtimex(&state);
  if (code == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    return {Verdict::odd, "clock", text + ", not synchronised; run chrony or systemd-timesyncd"};
  }
  return {Verdict::good, "clock", text + ", synchronised"};
}

Finding check_sqlite() {
  const int number = sqlite3_libversion_number();
  const std::string version = sqlite3_libversion();
  if (number < 3'037'000) return {Verdict::bad, "sqlite", version + " is older than 3.37"};
  if (number <= 3'051'002) {
    return {Verdict::good, "sqlite",
            version + "; its WAL-reset bug needs two connections, the journal has exactly one"};
  }
  return {Verdict::good, "sqlite", version};
}

void check_secret_file(const fs::path& path, Findings& out) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return;
  const bool open = (found.st_mode & 077U) != 0;
  out.push_back({open ? Verdict::bad : Verdict::good, "secret_file",
                 fmt::format("{} has mode {:04o}{}", path.string(), found.st_mode & 07777U,
                             open ? "; others can read it: chmod 600" : "")});
}

Finding check_port(const Config& config) {
  const std::string name = config.listen.text();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(config.listen.host.c_str(), std::to_string(config.listen.port).c_str(), &hints, &list);
  if (code != 0) return {Verdict::bad, "port", name + ": " + gai_strerror(code)};
  const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool free = fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 1) == 0;
  const std::string why = std::strerror(errno);
  if (fd >= 0) close(fd);
  freeaddrinfo(list);
  if (free) return {Verdict::good, "port", name + " is free"};
  if (server_presence(config.data) == ServerPresence::running) {
    return {Verdict::good, "port", name + " is taken, and a server runs on this data folder"};
  }
  return {Verdict::bad, "port", name + ": " + why};
}

Finding check_certificate(const Config& config, const Clock& clock) {
  const auto dates = certificate_dates(config.tls_cert.string());
  if (!dates) return {Verdict::bad, "certificate", dates.error().message};
  const auto days = (dates->until.ms - clock.wall().ms) / 86'400'000;
  const auto said = fmt::format("{} is good until {}", config.tls_cert.string(), to_rfc3339(dates->until));
  if (clock.wall() < dates->from || dates->until <= clock.wall())
    return {Verdict::bad, "certificate", fmt::format("{}, from {}: renew it", said, to_rfc3339(dates->from))};
  if (days < 14) return {Verdict::odd, "certificate", fmt::format("{}, {} days: renew it", said, days)};
  return {Verdict::good, "certificate", said};
}

void check_kernel(Findings& out) {
  const auto huge = first_line_of("/sys/kernel/mm/transparent_hugepage/enabled");
  const bool always = huge.find("[always]") != std::string::npos;
  out.push_back({always ? Verdict::odd : Verdict::good, "huge_pages",
                 always ? "transparent huge pages are on for all; memory may grow: echo madvise >"
                          "/sys/kernel/mm/transparent_hugepage/enabled"
                        : "transparent huge pages are not forced"});
  const auto backlog = parse_count(first_line_of("/proc/sys/net/core/somaxconn")).value_or(0);
  out.push_back({backlog < 1024 ? Verdict::odd : Verdict::good, "backlog",
                 fmt::format("net.core.somaxconn is {}{}", backlog,
                             backlog < 1024 ? "; a crowd that arrives at once needs 4096" : "")});
  std::ifstream memory("/proc/meminfo");
  for (std::string line; std::getline(memory, line);) {
    if (!line.starts_with("MemAvailable:")) continue;
    const auto mib = std::strtoull(line.c_str() + 13, nullptr, 10) / 1024;
    out.push_back({mib < 512 ? Verdict::odd : Verdict::good, "memory", fmt::format("{} MiB available", mib)});
  }
}

Finding check_smtp(const Config& config) {
  auto settings = smtp_settings(config);
  if (!settings) return {Verdict::bad, "smtp", settings.error().message};
  settings->connect_patience = settings->patience = std::chrono::seconds(5);
  const auto probed = probe_smtp(*settings);
  if (!probed) return {Verdict::bad, "smtp", settings->url + ": " + probed.error().message};
  return {Verdict::good, "smtp", settings->url + " answers" + (settings->user.empty() ? "" : " and knows us")};
}

std::optional<Finding> check_payments(const Config& config, const Clock& clock) {
  const auto asked = check_payment(config, clock, std::chrono::seconds(10));
  if (!asked) return std::nullopt;
  if (asked->outcome != PaymentOutcome::approved) return Finding{Verdict::bad, "payment", asked->detail};
  if (is_test_key(config.stripe_key))
    return Finding{Verdict::odd, "payment", "Stripe knows the key; it is a test key: nobody really pays"};
  return Finding{Verdict::good, "payment", "Stripe knows the key"};
}

}  // namespace

std::vector<Finding> examine(const Config& config, const Clock& clock) {
  Findings out;
  const fs::path folder = existing_folder(config);
  out.push_back(check_open_files(config));
  out.push_back(check_file_system(folder));
  out.push_back(check_disk_space(config, folder));
  out.push_back(check_sync_latency(folder, clock));
  out.push_back(check_clock(clock));
  out.push_back(check_sqlite());
  check_secret_file(config.data / "token.keys", out);
  check_secret_file(config.tls_key, out);
  if (!config.tls_cert.empty()) out.push_back(check_certificate(config, clock));
  out.push_back(check_port(config));
  check_kernel(out);
  if (!config.smtp.empty()) out.push_back(check_smtp(config));
  if (auto payments = check_payments(config, clock)) out.push_back(std::move(*payments));
  if (config.is_shared()) examine_shared(config, clock, out);
  for (const auto& warning : config.warnings) out.push_back({Verdict::odd, "configuration", warning});
  return out;
}

}  // namespace scalemart
