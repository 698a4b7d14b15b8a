#include "backend/redis/address.hpp"

#include <charconv>
#include <fstream>
#include <optional>

namespace scalemart::redis {
namespace {

constexpr std::size_t kHostsMax = 16;
constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;
constexpr std::string_view kForms =
    "allowed are redis://host[:port][/db], redis+sentinel://h1,h2,h3/master[/db] and redis+cluster://h1,h2, each with "
    "user:password@ before the hosts when needed, and rediss for TLS";

/// Cuts `text` at the first `mark`; what follows it is returned, if it was there.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc{} && end == text.data() + text.size();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// %XX in user names and passwords.
bool decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

bool read_host(std::string_view text, std::uint16_t port, Endpoint& out) {
  out.port = port;
  std::optional<std::string_view> port_text;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    out.host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return false;
    if (!rest.empty()) port_text = rest.substr(1);
  } else {
    port_text = cut(text, ':');
    out.host = text;
  }
  if (port_text && (!read_number(*port_text, out.port) || out.port == 0)) return false;
  return !out.host.empty() && out.host.find_first_of(" @/") == std::string::npos;
}

Result<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return error("cannot read a password from " + path);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<void> read_option(std::string_view option, Address& address) {
  const std::string_view value = cut(option, '=').value_or("");
  if (value.empty()) return error("the option " + std::string(option) + " has no value");
  if (option == "ca") {
    address.ca_file = value;
  } else if (option == "sentinel_user") {
    address.sentinel_credentials.user = value;
  } else if (option == "password_file" || option == "sentinel_password_file") {
    auto line = first_line_of(std::string(value));
    if (!line) return line.error();
    (option == "password_file" ? address.credentials : address.sentinel_credentials).password = std::move(*line);
  } else {
    return error("there is no option " + std::string(option) +
                 "; there are password_file, ca, sentinel_user and sentinel_password_file");
  }
  return {};
}

Result<void> read_scheme(std::string_view scheme, Address& address) {
  std::string_view way = cut(scheme, '+').value_or("");
  if (scheme != "redis" && scheme != "rediss") return error(std::string(kForms));
  address.tls = scheme == "rediss";
  if (way == "sentinel") {
    address.kind = Address::Kind::sentinel;
  } else if (way == "cluster") {
    address.kind = Address::Kind::cluster;
  } else if (!way.empty()) {
    return error(std::string(kForms));
  }
  return {};
}

Result<void> read_credentials(std::string_view text, Credentials& out) {
  const auto password = cut(text, ':');
  if (!decode(text, out.user) || !decode(password.value_or(""), out.password))
    return error("a % in user or password must be followed by two hexadecimal digits (a % itself is %25)");
  return {};
}

Result<void> read_path(std::string_view path, Address& address) {
  if (address.kind == Address::Kind::sentinel) {
    const auto database = cut(path, '/');
    address.master = path;
    if (path.empty()) return error("the name of the master is missing: redis+sentinel://h1,h2,h3/master");
    path = database.value_or("");
  }
  if (path.empty()) return {};
  if (address.kind == Address::Kind::cluster) return error("a cluster has one database: nothing may follow the hosts");
  if (!read_number(path, address.database)) return error("the database after the last / must be a number");
  return {};
}

}  // namespace

std::string Endpoint::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> Address::parse(std::string_view url) {
  Address address;
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return error(std::string(kForms));
  if (auto read = read_scheme(url.substr(0, colon), address); !read) return read.error();
  std::string_view rest = url.substr(colon + 3);
  auto options = cut(rest, '?');
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (auto read = read_credentials(rest.substr(0, at), address.credentials); !read) return read.error();
    rest.remove_prefix(at + 1);
  }
  const std::string_view path = cut(rest, '/').value_or("");
  const std::uint16_t port = address.kind == Kind::sentinel ? kSentinelPort : kRedisPort;
  for (std::optional<std::string_view> more = rest; more;) {
    std::string_view host = *more;
    more = cut(host, ',');
    Endpoint endpoint;
    if (!read_host(host, port, endpoint)) return error("not a host[:port]: '" + std::string(host) + "'");
    address.hosts.push_back(std::move(endpoint));
  }
  if (address.hosts.size() > kHostsMax) return error("at most " + std::to_string(kHostsMax) + " hosts");
  if (address.kind == Kind::single && address.hosts.size() > 1)
    return error("redis:// takes one host; several are redis+sentinel:// or redis+cluster://");
  if (auto read = read_path(path, address); !read) return read.error();
  while (options) {
    std::string_view option = *options;
    options = cut(option, '&');
    if (auto read = read_option(option, address); !read) return read.error();
  }
  if (!address.ca_file.empty() && !address.tls) return error("ca= goes with rediss://");
  return address;
}

std::string Address::text() const {
  std::string out = tls ? "rediss" : "redis";
  if (kind == Kind::sentinel) out += "+sentinel";
  if (kind == Kind::cluster) out += "+cluster";
  out += "://";
  if (!credentials.user.empty()) out += credentials.user + "@";
  for (std::size_t i = 0; i < hosts.size(); ++i) out += (i == 0 ? "" : ",") + hosts[i].text();
  if (kind == Kind::sentinel) out += "/" + master;
  if (database != 0) out += "/" + std::to_string(database);
  return out;
}

}  // namespace scalemart::redis
