#pragma once
// The API document as the gateway uses it: it validates with what it publishes.
//
// Purpose: loads api/openapi.json, resolves its references, and keeps one validator per request body and a
// short table of rules per query parameter.
// Decisions: unknown fields are refused where the schema says additionalProperties:false. An integer is a
// JSON number without fraction and exponent: 1.0 and 1e0 are refused as 422, so that every reader of a body
// agrees on its value. Numbers outside 64 bits (2^63, 1e999) are 422 as well, duplicate keys, more than 32
// levels, invalid UTF-8 and trailing data are 400 malformed_json.
// Concurrency: immutable after load(), so thread-safe.

#include <boost/json/fwd.hpp>
#include <boost/json/storage_ptr.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "gateway/exchange.hpp"
#include "gateway/route.hpp"

namespace scalemart {

class ApiDocument {
 public:
  /// One operation of the document, as far as a router must agree with it.
  struct Operation {
    std::string id;
    std::string method;  ///< "GET"
    std::string path;    ///< "/api/orders/{id}"
    std::string access;  ///< "open", "buyer", "admin" or "operator"
    std::string policy;  ///< x-rate-limit; "default" when absent, empty for "none".
    bool has_json_body = false;
    bool body_required = false;
  };

  [[nodiscard]] static Result<ApiDocument> load(std::string_view json);
  ApiDocument(ApiDocument&&) noexcept;
  ApiDocument& operator=(ApiDocument&&) noexcept;
  ~ApiDocument();

  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view operation_id) const;

  /// Content type, strict JSON, schema: the body, or the response that refuses it (400, 415, 422).
  [[nodiscard]] std::variant<boost::json::value, Response> check_body(std::size_t operation,
                                                                      std::string_view content_type,
                                                                      std::string_view body,
                                                                      const boost::json::storage_ptr& memory) const;
  /// Declared query parameters: types, bounds, enumerations; unknown or repeated ones are refused.
  [[nodiscard]] std::optional<Response> check_query(std::size_t operation, std::span<const NameValue> query) const;

  /// Every way in which the document and the routes disagree, one line each; empty: they agree.
  [[nodiscard]] std::vector<std::string> differences(const Routes& routes) const;

 private:
  struct Rules;
  ApiDocument();
  std::vector<Operation> operations_;
  std::vector<std::unique_ptr<Rules>> rules_;  ///< By operation.
};

}  // namespace scalemart
