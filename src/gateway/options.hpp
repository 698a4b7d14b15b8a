#pragma once
// Everything about the gateway that an operator may set, with its bounds.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admission/proxies.hpp"
#include "gateway/connection_limits.hpp"
#include "gateway/parser.hpp"

namespace scalemart {

/// All are totals since the phase began, not gaps between bytes.
struct Timeouts {
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds head{10'000};
  std::chrono::milliseconds body{15'000};
  std::chrono::milliseconds body_grace{5'000};  ///< From then on the body must have come at body_rate.
  std::size_t body_rate = 1024;                 ///< Bytes a second.
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds idle_under_pressure{5'000};
  std::chrono::milliseconds write_stall{10'000};  ///< Without any progress.
  std::chrono::milliseconds answer{60'000};       ///< A handler that has not answered by then: 503.
  std::chrono::milliseconds drain_idle{1'000};    ///< On drain: who asked last so long ago will hardly ask again.
  std::chrono::milliseconds linger{2'000};        ///< Reading on after a refusal, so that it can be read.
  std::chrono::milliseconds heartbeat{15'000};    ///< Of event streams.
  std::chrono::milliseconds tick{100};            ///< How exactly all these are kept.
};

struct TlsFiles {
  std::string certificate;  ///< PEM, the chain after the leaf.
  std::string key;          ///< PEM.
};

struct GatewayOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 3000;  ///< 0: any free one.
  std::size_t threads = 0;    ///< 0: one per core.
  /// Listening sockets that somebody else opened: then address and port are not looked at, and on drain what waits
  /// in them is left to whoever gets them next. The gateway closes them.
  std::vector<int> inherited;
  ConnectionLimits::Caps connections;
  ParserLimits parser;
  Timeouts timeouts;
  TrustedProxies trusted_proxies;
  /// Who may see routes of Access::operator_ without being an administrator.
  TrustedProxies operator_network = TrustedProxies::parse("127.0.0.0/8,::1").value();
  std::vector<std::string> cors_origins;  ///< Exact matches, "https://shop.example"; empty: CORS is off.
  std::optional<TlsFiles> tls;
};

}  // namespace scalemart
