#include "app/backup_folder.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <stdexcept>

#include "backend/embedded/durable_file.hpp"
#include "base/hex.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kManifest = "backup.json";
constexpr int kFormat = 1;

Error file_error(const fs::path& path, const std::string& what) {
  return error(path.string() + ": " + what);
}

// Reads a file piece by piece.
Result<void> each_block(const fs::path& path, const std::function<Result<void>(std::span<const std::byte>)>& visit) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  std::vector<std::byte> block(1 << 20);
  for (;;) {
    const ssize_t n = ::read(file->get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, "read");
    if (n == 0) return {};
    if (auto done = visit(std::span(block).first(static_cast<std::size_t>(n))); !done) return done;
  }
}

Result<BackupFile> digest_file(const fs::path& folder, const std::string& name) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
  BackupFile out{name, 0, {}};
  auto read = each_block(folder / name, [&](std::span<const std::byte> block) -> Result<void> {
    EVP_DigestUpdate(hash.get(), block.data(), block.size());
    out.bytes += block.size();
    return {};
  });
  if (!read) return read.error();
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(hash.get(), digest.data(), nullptr);
  out.sha256 = to_hex(std::as_bytes(std::span(digest)));
  return out;
}

bool absent_or_empty(const fs::path& folder) {
  std::error_code fault;
  if (!fs::exists(folder, fault)) return true;
  return fs::is_directory(folder, fault) && fs::is_empty(folder, fault) && !fault;
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code fault;
  fs::create_directories(folder, fault);
  if (fault) return file_error(folder, fault.message());
  if (::chmod(folder.c_str(), 0700) != 0) return system_error(folder, "chmod");
  return {};
}

// A name may not lead out of the folder, whatever the manifest says.
bool is_inside(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".." || part == "."; });
}

Result<void> copy_durably(const fs::path& from, const fs::path& to) {
  auto target = open_file(to, O_WRONLY | O_CREAT | O_EXCL);
  if (!target) return target.error();
  auto copied = each_block(from, [&](std::span<const std::byte> block) { return write_all(*target, to, block); });
  return copied ? sync_file(*target, to) : copied;
}

Result<std::vector<std::string>> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code fault;
  for (fs::recursive_directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault)) {
    if (it->is_regular_file()) names.push_back(it->path().lexically_relative(folder).generic_string());
  }
  if (fault) return file_error(folder, fault.message());
  std::erase(names, kManifest);
  std::sort(names.begin(), names.end());
  return names;
}

BackupManifest manifest_from_json(const json::object& object) {
  if (object.at("format").to_number<int>() != kFormat) throw std::runtime_error("made by a newer version");
  BackupManifest out;
  out.made_at = parse_rfc3339(object.at("made_at").as_string()).value();
  out.head = object.at("head").to_number<Sequence>();
  out.head_hash = std::string(object.at("head_hash").as_string());
  for (const auto& item : object.at("files").as_array()) {
    const json::object& file = item.as_object();
    out.files.push_back({std::string(file.at("name").as_string()), file.at("bytes").to_number<std::uint64_t>(),
                         std::string(file.at("sha256").as_string())});
    if (!is_inside(out.files.back().name)) throw std::runtime_error("names a file outside of it");
  }
  return out;
}

Result<void> copy_all(const fs::path& folder, const BackupManifest& manifest, const fs::path& data) {
  if (auto made = make_folder(data); !made) return made;
  for (const BackupFile& file : manifest.files) {
    const fs::path to = data / file.name;
    if (to.parent_path() != data) {
      if (auto made = make_folder(to.parent_path()); !made) return made;
    }
    if (auto copied = copy_durably(folder / file.name, to); !copied) return copied;
    if (auto synced = sync_folder(to.parent_path()); !synced) return synced;
  }
  return sync_folder(data);
}

}  // namespace

Result<void> prepare_backup(const fs::path& folder) {
  if (!absent_or_empty(folder)) return file_error(folder, "is not empty; a backup goes to a new or empty folder");
  return make_folder(folder);
}

Result<std::uint64_t> seal_backup(const fs::path& folder, WallTime now, Sequence head, const std::string& head_hash) {
  auto names = files_below(folder);
  if (!names) return names.error();
  json::array files;
  std::uint64_t bytes = 0;
  for (const std::string& name : *names) {
    auto file = open_file(folder / name, O_RDONLY);
    if (!file) return file.error();
    if (auto synced = sync_file(*file, folder / name); !synced) return synced.error();
    auto digest = digest_file(folder, name);
    if (!digest) return digest.error();
    bytes += digest->bytes;
    files.push_back({{"name", digest->name}, {"bytes", digest->bytes}, {"sha256", digest->sha256}});
  }
  const json::value manifest{{"format", kFormat},
                             {"made_at", to_rfc3339(now)},
                             {"head", head},
                             {"head_hash", head_hash},
                             {"files", std::move(files)}};
  if (auto done = write_file_durably(folder / kManifest, json::serialize(manifest) + "\n"); !done) return done.error();
  return bytes;
}

Result<BackupManifest> read_backup(const fs::path& folder) {
  auto text = read_small_file(folder / kManifest, 64 << 20);
  if (!text) return file_error(folder, "is not a backup (" + text.error().message + ")");
  BackupManifest manifest;
  try {
    manifest = manifest_from_json(json::parse(*text).as_object());
  } catch (const std::exception& fault) {
    return file_error(folder / kManifest, std::string("is damaged (") + fault.what() + ")");
  }
  for (const BackupFile& listed : manifest.files) {
    auto found = digest_file(folder, listed.name);
    if (!found) return found.error();
    if (found->bytes != listed.bytes || found->sha256 != listed.sha256) {
      return file_error(folder / listed.name, "is not what backup.json says; the backup is damaged");
    }
  }
  return manifest;
}

Result<void> restore_backup(const fs::path& folder, const BackupManifest& manifest, const fs::path& data) {
  if (!absent_or_empty(data)) {
    return file_error(data, "is not empty; restore to a new folder, or move this one away first");
  }
  auto done = copy_all(folder, manifest, data);
  if (!done) {
    std::error_code ignored;
    fs::remove_all(data, ignored);
  }
  return done;
}

}  // namespace scalemart
