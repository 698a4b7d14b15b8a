#pragma once
// What every request passes between the parser and its handler.

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <span>

#include "gateway/exchange.hpp"
#include "gateway/middleware/guards.hpp"
#include "gateway/openapi.hpp"
#include "gateway/options.hpp"
#include "gateway/router.hpp"

namespace scalemart {

/// Room for what is decoded of one request; one per loop, reused.
class RequestScratch {
 public:
  static constexpr std::size_t kQueryMax = 32;

 private:
  friend class Pipeline;
  friend struct Passage;
  static constexpr std::size_t kDecodedBytes = 16 * 1024;  ///< Twice the longest target.
  static constexpr std::size_t kJsonBytes = 64 * 1024;
  std::unique_ptr<char[]> decoded_ = std::make_unique<char[]>(kDecodedBytes);
  std::unique_ptr<unsigned char[]> json_bytes_ = std::make_unique<unsigned char[]>(kJsonBytes);
  std::array<NameValue, kQueryMax> query_;
  std::array<std::string_view, kPathParametersMax> parameters_;
  std::optional<boost::json::monotonic_resource> json_memory_;
  std::optional<boost::json::value> json_;
};

/// One request on its way.
struct Passage {
  ExchangeHost& host;
  Exchange& exchange;
  bool& close_after;  ///< Set to have the connection closed after the answer.
  Guards& guards;
  RequestScratch& scratch;
  std::string_view target;  ///< Path and query as they came.
  std::span<const NameValue> headers;
  std::string_view body;
  std::string_view method_text;
  IpAddress peer;
  SteadyTime now{};
  Method method = Method::get;
  bool method_known = true;
  bool draining = false;
  bool health_only = false;  ///< The connection lives in the reserve.
  bool is_tls = false;
  std::size_t loop = 0;
  std::string_view fresh_request_id;
  // Filled on the way.
  const RouteEntry** entry = nullptr;
  RouteMatch match{};
  std::string_view query_text{};
  std::size_t decoded_used = 0;
};

/// Concurrency: immutable, shared by all loops.
class Pipeline {
 public:
  Pipeline(const GatewayOptions& options, const Router& router, const ApiDocument* document, const Handler& not_found)
      : options_(options), router_(router), document_(document), not_found_(not_found) {}

  /// Ends with exactly one of: an answer, a handler that took the request over. `entry`: the route, as soon
  /// as it is known, for whoever counts the answer.
  void run(Passage& passage, const RouteEntry*& entry) const;

 private:
  struct Step;
  static const std::array<Step, 11> kSteps;

  bool name_request(Passage& p) const;
  bool believe_in_method(Passage& p) const;
  bool keep_reserve(Passage& p) const;
  bool split_target(Passage& p) const;
  bool find_route(Passage& p) const;
  bool limit_address(Passage& p) const;
  bool identify(Passage& p) const;
  bool check_role(Passage& p) const;
  bool limit_user(Passage& p) const;
  bool check_content(Passage& p) const;
  bool call_handler(Passage& p) const;

  [[nodiscard]] bool is_operator(const Passage& p) const;
  bool decode_query(Passage& p) const;
  bool answer_preflight(Passage& p) const;

  const GatewayOptions& options_;
  const Router& router_;
  const ApiDocument* document_;
  const Handler& not_found_;  ///< May be empty.
};

}  // namespace scalemart
