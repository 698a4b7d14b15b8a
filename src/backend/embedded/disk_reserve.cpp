#include "backend/embedded/disk_reserve.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/embedded/durable_file.hpp"

namespace scalemart {

DiskReserve::DiskReserve(std::filesystem::path folder, Options options, const Clock& clock)
    : folder_(std::move(folder)), ballast_(folder_ / "ballast"), options_(options), clock_(clock) {
  look();
}

std::uint64_t DiskReserve::free_bytes() const noexcept {
  struct statvfs space {};
  if (::statvfs(folder_.c_str(), &space) != 0) return 0;
  return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
}

bool DiskReserve::ballast_stands() const noexcept {
  if (options_.ballast_bytes == 0) return true;
  struct stat info {};
  return ::stat(ballast_.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) == options_.ballast_bytes;
}

bool DiskReserve::make_ballast() const noexcept {
  const auto file = open_file(ballast_, O_WRONLY | O_CREAT);
  if (!file) return false;
  if (::posix_fallocate(file->get(), 0, static_cast<off_t>(options_.ballast_bytes)) == 0) return true;
  ::unlink(ballast_.c_str());
  return false;
}

bool DiskReserve::has_room() noexcept {
  const std::int64_t now = clock_.steady().time_since_epoch().count();
  std::int64_t due = next_look_ns_.load(std::memory_order_relaxed);
  if (now >= due && next_look_ns_.compare_exchange_strong(due, now + std::chrono::nanoseconds(options_.poll).count()))
    look();
  return room_.load(std::memory_order_acquire);
}

void DiskReserve::look() noexcept {
  // Whoever has it may be a thread of idle priority: nobody waits for a look.
  const std::unique_lock guard(mutex_, std::try_to_lock);
  if (!guard) return;
  std::uint64_t needed = options_.free_bytes_min;
  const bool stands = ballast_stands();
  if (!stands) needed += options_.ballast_bytes;
  bool room = free_bytes() >= needed;
  if (room && !stands) room = make_ballast();
  room_.store(room, std::memory_order_release);
}

bool DiskReserve::give_up() noexcept {
  const std::lock_guard guard(mutex_);
  room_.store(false, std::memory_order_release);
  return ::unlink(ballast_.c_str()) == 0;
}

}  // namespace scalemart
