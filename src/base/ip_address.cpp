#include "base/ip_address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace scalemart {
namespace {

constexpr std::size_t kTextMax = INET6_ADDRSTRLEN;
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host) {
  IpAddress a;
  std::memcpy(a.bytes.data(), kMappedPrefix.data(), kMappedPrefix.size());
  for (std::size_t i = 0; i < 4; ++i) a.bytes[12 + i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
  return a;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  if (text.empty() || text.size() >= kTextMax) return std::nullopt;
  char buffer[kTextMax + 1];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  if (std::strlen(buffer) != text.size()) return std::nullopt;
  in_addr four{};
  if (inet_pton(AF_INET, buffer, &four) == 1) return v4(ntohl(four.s_addr));
  IpAddress six;
  if (inet_pton(AF_INET6, buffer, six.bytes.data()) == 1) return six;
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::memcmp(bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  for (std::size_t i = 0; i < 15; ++i)
    if (bytes[i] != 0) return false;
  return bytes[15] == 1;
}

IpAddress IpAddress::limit_key() const {
  if (is_v4()) return *this;
  IpAddress key = *this;
  for (std::size_t i = 8; i < 16; ++i) key.bytes[i] = 0;
  return key;
}

std::string IpAddress::text() const {
  char buffer[kTextMax + 1];
  const void* from = bytes.data();
  int family = AF_INET6;
  if (is_v4()) {
    from = bytes.data() + 12;
    family = AF_INET;
  }
  return inet_ntop(family, from, buffer, sizeof buffer) != nullptr ? buffer : "?";
}

std::uint64_t IpAddress::hash() const {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  std::memcpy(&hi, bytes.data(), 8);
  std::memcpy(&lo, bytes.data() + 8, 8);
  std::uint64_t x = lo ^ (hi * 0x9e3779b97f4a7c15ULL);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return error("'" + std::string(text) + "' is not an address or network such as 10.0.0.0/8");
  const unsigned width = address->is_v4() ? 32 : 128;
  unsigned prefix = width;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (problem != std::errc{} || end != digits.data() + digits.size() || prefix > width)
      return error("'" + std::string(text) + "': the prefix is a number from 0 to " + std::to_string(width));
  }
  return IpNetwork{*address, prefix + (128 - width)};
}

bool IpNetwork::contains(const IpAddress& address) const {
  const std::size_t whole = prefix / 8;
  if (std::memcmp(address.bytes.data(), base.bytes.data(), whole) != 0) return false;
  if (prefix % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> (prefix % 8));
  return (address.bytes[whole] & mask) == (base.bytes[whole] & mask);
}

Result<std::vector<IpNetwork>> parse_networks(std::string_view list) {
  std::vector<IpNetwork> networks;
  if (trim(list).empty()) return networks;
  for (bool more = true; more;) {
    const auto comma = list.find(',');
    const auto item = trim(list.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) list.remove_prefix(comma + 1);
    auto network = IpNetwork::parse(item);
    if (!network) return network.error();
    networks.push_back(*network);
  }
  return networks;
}

bool any_contains(std::span<const IpNetwork> networks, const IpAddress& address) {
  for (const auto& network : networks)
    if (network.contains(address)) return true;
  return false;
}

}  // namespace scalemart
