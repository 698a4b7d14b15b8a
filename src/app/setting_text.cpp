// Text to value and back, for one row of the table.

#include <algorithm>
#include <array>

#include "app/settings.hpp"
#include "app/units.hpp"
#include "base/ip_address.hpp"
#include "telemetry/redact.hpp"

namespace scalemart {
namespace {

using Fault = std::optional<std::string>;

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

std::string spelled(std::string_view name, char separator, bool lower) {
  std::string out;
  for (const char c : name) {
    out.push_back(c == '_' ? separator : (lower ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : c));
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 60)) out.push_back(static_cast<unsigned char>(c) < 0x20 ? '?' : c);
  return out.append(text.size() > 60 ? "...\"" : "\"");
}

// The text of a secret is never repeated, not even when it is wrong.
std::string complaint(const Setting& setting, std::string_view text, std::string_view allowed) {
  const std::string shown = setting.mask == Mask::none     ? in_quotes(text)
                            : setting.mask == Mask::secret ? "the value given"
                                                           : in_quotes(redact_url_credentials(text));
  return shown + " is not allowed; allowed is " + std::string(allowed);
}

template <class T>
Fault assign_number(const Setting& setting, std::string_view text, std::optional<std::uint64_t> value, T& out) {
  if (!value || *value < static_cast<std::uint64_t>(setting.min) || *value > static_cast<std::uint64_t>(setting.max)) {
    return complaint(setting, text, setting.allowed());
  }
  out = static_cast<T>(*value);
  return {};
}

template <class Duration>
Fault assign_duration(const Setting& setting, std::string_view text, Duration& out) {
  const auto value = parse_duration(text);
  if (!value || *value < Duration(setting.min) || *value > Duration(setting.max) ||
      std::chrono::duration_cast<Duration>(*value) != *value) {
    return complaint(setting, text, setting.allowed());
  }
  out = std::chrono::duration_cast<Duration>(*value);
  return {};
}

template <class Show>
std::string range(const Setting& s, Show show) {
  return show(s.min) + " to " + show(s.max);
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [] { return error("address:port, e.g. 127.0.0.1:3000, [::]:3000 or localhost:3000"); };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  const auto port = parse_count(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  if (!port || *port > 65'535 || (host != "localhost" && !IpAddress::parse(host))) return wrong();
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string ListenAddress::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool ListenAddress::is_loopback() const {
  const auto address = IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

std::string Setting::variable() const {
  return "SCALEMART_" + std::string(name);
}
std::string Setting::flag() const {
  return "--" + spelled(name, '-', true);
}
std::string Setting::key() const {
  return spelled(name, '_', true);
}

std::string Setting::allowed() const {
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  const auto words = [this](std::string_view otherwise) {
    // A rule says what it allows when it refuses; no rule accepts this.
    return check != nullptr ? check("\x01").value_or(std::string(otherwise)) : std::string(otherwise);
  };
  return std::visit(
      Overload{[&](std::uint32_t Config::*) { return range(*this, number); },
               [&](std::uint64_t Config::*) {
                 return range(*this, [](std::int64_t n) { return show_bytes(static_cast<std::uint64_t>(n)); });
               },
               [&](std::chrono::milliseconds Config::*) {
                 return range(*this, [](std::int64_t n) { return show_duration(std::chrono::milliseconds(n)); });
               },
               [&](std::chrono::microseconds Config::*) {
                 return range(*this, [](std::int64_t n) { return show_duration(std::chrono::microseconds(n)); });
               },
               [&](ListenAddress Config::*) { return std::string("address:port"); },
               [&](log::Level Config::*) { return std::string("trace, debug, info, warn, error or off"); },
               [&](Concurrency Config::*) {
                 return "1 to " + std::to_string(kConcurrencyMax) + ", or bounds such as 10..2000";
               },
               [&](std::filesystem::path Config::*) { return words(mask == Mask::none ? "a path" : ""); },
               [&](auto) {
                 if (name.starts_with("RATE_LIMIT_")) return std::string("N/period[,burst=B], e.g. 10/60s, or off");
                 return words("");
               }},
      field);
}

Fault Setting::assign(Config& config, std::string_view text) const {
  const auto checked = [&](std::string_view value) -> Fault {
    if (value.find('\0') != std::string_view::npos) return complaint(*this, value, "text");
    if (check == nullptr) return {};
    const Fault rule = check(value);
    return rule ? Fault(complaint(*this, value, *rule)) : Fault();
  };
  return std::visit(
      Overload{[&](std::uint32_t Config::*f) { return assign_number(*this, text, parse_count(text), config.*f); },
               [&](std::uint64_t Config::*f) { return assign_number(*this, text, parse_bytes(text), config.*f); },
               [&](std::chrono::milliseconds Config::*f) { return assign_duration(*this, text, config.*f); },
               [&](std::chrono::microseconds Config::*f) { return assign_duration(*this, text, config.*f); },
               [&](ListenAddress Config::*f) -> Fault {
                 auto value = parse_listen(text);
                 if (!value) return complaint(*this, text, value.error().message);
                 config.*f = *value;
                 return {};
               },
               [&](log::Level Config::*f) -> Fault {
                 const auto level = log::parse_level(text);
                 if (!level) return complaint(*this, text, allowed());
                 config.*f = *level;
                 return {};
               },
               [&](Concurrency Config::*f) -> Fault {
                 const auto read = parse_concurrency(text);
                 if (!read) return complaint(*this, text, allowed());
                 config.*f = *read;
                 return {};
               },
               [&](std::vector<std::string> Config::*f) -> Fault {
                 auto items = split_list(text);
                 for (const auto& item : items) {
                   if (auto fault = checked(item)) return fault;
                 }
                 if (items.size() > static_cast<std::size_t>(max)) {
                   return complaint(*this, text, "at most " + std::to_string(max) + " entries");
                 }
                 config.*f = std::move(items);
                 return {};
               },
               [&](auto f) -> Fault {  // text and paths
                 if (auto fault = checked(text)) return fault;
                 config.*f = std::string(text);
                 return {};
               }},
      field);
}

std::string Setting::show(const Config& config, bool reveal) const {
  const std::string text =
      std::visit(Overload{[&](std::uint32_t Config::*f) { return std::to_string(config.*f); },
                          [&](std::uint64_t Config::*f) { return show_bytes(config.*f); },
                          [&](std::chrono::milliseconds Config::*f) { return show_duration(config.*f); },
                          [&](std::chrono::microseconds Config::*f) { return show_duration(config.*f); },
                          [&](ListenAddress Config::*f) { return (config.*f).text(); },
                          [&](log::Level Config::*f) { return std::string(log::to_text(config.*f)); },
                          [&](Concurrency Config::*f) { return to_text(config.*f); },
                          [&](std::vector<std::string> Config::*f) {
                            std::string out;
                            for (const auto& item : config.*f) out.append(out.empty() ? "" : ",").append(item);
                            return out;
                          },
                          [&](std::filesystem::path Config::*f) { return (config.*f).string(); },
                          [&](std::string Config::*f) { return config.*f; }},
                 field);
  if (reveal || mask == Mask::none || text.empty()) return text;
  return mask == Mask::secret ? std::string(kRedacted) : redact_url_credentials(text);
}

}  // namespace scalemart
