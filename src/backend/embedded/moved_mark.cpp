#include "backend/embedded/moved_mark.hpp"

#include "backend/embedded/durable_file.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kName = "moved";
constexpr std::size_t kSizeMax = 4096;

}  // namespace

Result<void> mark_moved(const std::filesystem::path& folder, const MovedMark& mark) {
  return write_file_durably(folder / kName, to_rfc3339(mark.at) + " " + mark.to + "\n");
}

std::optional<MovedMark> read_moved(const std::filesystem::path& folder) {
  std::error_code none;
  if (!std::filesystem::exists(folder / kName, none)) return std::nullopt;
  const auto text = read_small_file(folder / kName, kSizeMax);
  const std::size_t space = text ? text->find(' ') : std::string::npos;
  if (space == std::string::npos) return MovedMark{"another database", {}};
  const auto at = parse_rfc3339(std::string_view(*text).substr(0, space));
  std::string to = text->substr(space + 1);
  while (!to.empty() && to.back() == '\n') to.pop_back();
  return MovedMark{std::move(to), at.value_or(WallTime{})};
}

std::string why_moved(const std::filesystem::path& folder) {
  const auto mark = read_moved(folder);
  if (!mark) return {};
  return folder.string() + ": this shop was moved to " + mark->to + " at " + to_rfc3339(mark->at) +
         ": set SCALEMART_DATABASE and SCALEMART_REDIS to sell there. The way back, without what was sold since: "
         "remove the file " +
         (folder / kName).string();
}

}  // namespace scalemart
