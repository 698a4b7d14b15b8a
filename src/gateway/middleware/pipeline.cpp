#include "gateway/middleware/pipeline.hpp"

#include <algorithm>

#include "gateway/text.hpp"

namespace scalemart {

struct Pipeline::Step {
  bool (Pipeline::*pass)(Passage&) const;  ///< False: the request was answered.
};

// The order of execution, and why each stands where it does. Before the list the parser has refused what is
// not HTTP; behind it every answer is counted and timed by Connection::respond, whoever gave it.
const std::array<Pipeline::Step, 11> Pipeline::kSteps{{
    {&Pipeline::name_request},       // Every answer, also every refusal below, carries an id and a client address.
    {&Pipeline::believe_in_method},  // Methods nobody serves need no further thought.
    {&Pipeline::split_target},       // One reading of the path, before anything is decided by it.
    {&Pipeline::keep_reserve},       // Above the connection cap only health is answered.
    {&Pipeline::find_route},         // 404 and 405 cost no token of a bucket and no signature check.
    {&Pipeline::limit_address},      // Cheap; protects the signature check from strangers.
    {&Pipeline::identify},           // Who asks.
    {&Pipeline::check_role},         // May they; by the store, not by the token. No route without a decision.
    {&Pipeline::limit_user},         // After identity, so that one person counts once however many addresses.
    {&Pipeline::check_content},      // The dearest check, for those who passed all others.
    {&Pipeline::call_handler},
}};

void Pipeline::run(Passage& p, const RouteEntry*& entry) const {
  p.entry = &entry;
  for (const Step& step : kSteps)
    if (!(this->*step.pass)(p)) return;
}

namespace {

bool refuse(Passage& p, const Response& response) {
  p.exchange.respond(response);
  return false;
}

bool is_health_path(std::string_view path) {
  return path == "/healthz" || path == "/readyz";
}

/// Empty, "." and ".." segments mean different things to different readers; no path of ours has them.
bool is_plain_segment(std::string_view decoded) {
  return !decoded.empty() && decoded != "." && decoded != "..";
}

}  // namespace

bool Pipeline::name_request(Passage& p) const {
  Exchange::Question question{p.method, p.target.substr(0, p.target.find('?')), {}, {}, p.headers, p.body};
  Exchange::Origin origin{p.fresh_request_id, p.peer, p.now, p.loop, p.is_tls};
  std::string_view forwarded_for;
  std::string_view forwarded;
  std::string joined_for;
  std::string joined;
  const bool behind_proxy = !options_.trusted_proxies.empty() && options_.trusted_proxies.trusts(p.peer);
  for (const auto& field : p.headers) {
    if (field.name.size() == 12 && text::iequals(field.name, "x-request-id")) {
      if (text::is_sane_request_id(field.value)) origin.request_id = field.value;
    } else if (behind_proxy && text::iequals(field.name, "x-forwarded-for")) {
      joined_for.append(joined_for.empty() ? "" : ",").append(field.value);
      forwarded_for = joined_for;
    } else if (behind_proxy && text::iequals(field.name, "x-forwarded-proto")) {
      // Of several the first is the client's.
      origin.is_secure = text::iequals(text::trim(field.value.substr(0, field.value.find(','))), "https");
    } else if (behind_proxy && text::iequals(field.name, "forwarded")) {
      joined.append(joined.empty() ? "" : ",").append(field.value);
      forwarded = joined;
    }
  }
  if (behind_proxy) origin.client = options_.trusted_proxies.client_of(p.peer, forwarded_for, forwarded);
  p.exchange.begin(p.host, question, origin);
  return true;
}

bool Pipeline::believe_in_method(Passage& p) const {
  if (p.method_known) return true;
  p.close_after = true;
  if (p.method_text == "TRACE" || p.method_text == "CONNECT") {
    return refuse(p, error(405, "method_not_allowed", "This method is not served here.")
                         .add_header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
  }
  return refuse(p, error(501, "method_not_implemented", "This method is not known here."));
}

bool Pipeline::split_target(Passage& p) const {
  const auto mark = p.target.find('?');
  const auto path = p.target.substr(0, mark);
  p.query_text = mark == std::string_view::npos ? std::string_view{} : p.target.substr(mark + 1);
  const auto refused = [&] {
    p.close_after = true;
    return refuse(p, error(400, "malformed_request", "The path is not in its plain form."));
  };
  // Escapes appear in our paths only inside parameters; a literal segment never needs one.
  std::string_view rest = path;
  for (std::size_t depth = 0; rest.size() > 1; ++depth) {
    const auto slash = rest.find('/', 1);
    const auto segment = rest.substr(1, slash == std::string_view::npos ? slash : slash - 1);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
    if (depth >= kPathSegmentsMax) return refused();
    if (segment.find('%') == std::string_view::npos) {
      if (!is_plain_segment(segment)) return refused();
      continue;
    }
    std::size_t size = 0;
    char* to = p.scratch.decoded_.get();
    if (!text::percent_decode(segment, false, to, size) || !is_plain_segment({to, size})) return refused();
  }
  return true;
}

bool Pipeline::keep_reserve(Passage& p) const {
  if (!p.health_only || is_health_path(p.target.substr(0, p.target.find('?')))) return true;
  p.close_after = true;
  return refuse(p, error(503, "overloaded", "Too many connections. Please try again."));
}

bool Pipeline::answer_preflight(Passage& p) const {
  const auto origin = p.exchange.header("Origin");
  const auto& known = options_.cors_origins;
  if (p.method != Method::options || origin.empty()) return false;
  if (p.exchange.header("Access-Control-Request-Method").empty()) return false;
  if (std::find(known.begin(), known.end(), origin) == known.end()) return false;
  Response r = no_content();
  r.add_header("Access-Control-Allow-Methods", p.match.allow);
  r.add_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, X-Request-Id");
  r.add_header("Access-Control-Max-Age", "600");
  p.exchange.respond(r);  // The origin itself is added to every answer, see Connection::respond.
  return true;
}

bool Pipeline::find_route(Passage& p) const {
  p.match = router_.match(p.method, p.target.substr(0, p.target.find('?')));
  if (p.match.entry == nullptr) {
    if (p.match.allow.empty()) {
      if (!not_found_) return refuse(p, error(404, "not_found", "There is nothing here."));
      not_found_(p.exchange);
      return false;
    }
    if (answer_preflight(p)) return false;
    return refuse(
        p, error(405, "method_not_allowed", "This method is not served here.").add_header("Allow", p.match.allow));
  }
  *p.entry = p.match.entry;
  char* to = p.scratch.decoded_.get();
  for (std::size_t i = 0; i < p.match.parameter_count; ++i) {
    auto& parameter = p.match.parameters[i];
    if (parameter.find('%') == std::string_view::npos) continue;
    std::size_t size = 0;
    if (!text::percent_decode(parameter, false, to + p.decoded_used, size)) return false;  // Checked by split_target.
    parameter = {to + p.decoded_used, size};
    p.decoded_used += size;
  }
  std::copy_n(p.match.parameters.begin(), p.match.parameter_count, p.scratch.parameters_.begin());
  p.exchange.set_route(p.match.entry->route, {p.scratch.parameters_.data(), p.match.parameter_count});
  return true;
}

bool Pipeline::limit_address(Passage& p) const {
  if (!p.match.entry->policy) return true;
  if (const auto refusal = p.guards.limit_address(*p.match.entry->policy, p.exchange.client(), p.now))
    return refuse(p, *refusal);
  return true;
}

bool Pipeline::is_operator(const Passage& p) const {
  if (!options_.operator_network.trusts(p.exchange.client())) return false;
  // A proxy beside us that we do not trust must not lend its address to strangers.
  const bool forwarded = !p.exchange.header("X-Forwarded-For").empty() || !p.exchange.header("Forwarded").empty();
  return !forwarded || options_.trusted_proxies.trusts(p.peer);
}

bool Pipeline::identify(Passage& p) const {
  const Access access = p.match.entry->route.access;
  if (access == Access::open) return true;
  if (access == Access::operator_ && is_operator(p)) return true;
  const auto credentials = p.exchange.header("Authorization");
  if (credentials.empty()) return refuse(p, error(401, "not_authenticated", "Please log in."));
  constexpr std::size_t kScheme = 7;
  if (credentials.size() <= kScheme || !text::iequals(credentials.substr(0, kScheme), "bearer "))
    return refuse(p, error(401, "invalid_token", "The token is not valid."));
  const auto verified = p.guards.identify(text::trim(credentials.substr(kScheme)));
  if (const auto* problem = std::get_if<TokenError>(&verified)) {
    if (*problem == TokenError::expired) return refuse(p, error(401, "token_expired", "The token has expired."));
    return refuse(p, error(401, "invalid_token", "The token is not valid."));
  }
  p.exchange.set_principal(std::get<Principal>(verified));
  return true;
}

bool Pipeline::check_role(Passage& p) const {
  const auto& who = p.exchange.principal();
  switch (p.match.entry->route.access) {
    case Access::open:
      return true;
    case Access::buyer:
      return true;  // identify() let nobody else through.
    case Access::operator_:
      if (!who) return true;  // From the operations network.
      [[fallthrough]];
    case Access::admin:
      if (p.guards.is_admin(who->user)) return true;
      break;
  }
  return refuse(p, error(403, "forbidden", "You may not do this."));
}

bool Pipeline::limit_user(Passage& p) const {
  const auto& who = p.exchange.principal();
  if (!p.match.entry->policy || !who) return true;
  if (const auto refusal = p.guards.limit_user(*p.match.entry->policy, who->user, p.now)) return refuse(p, *refusal);
  return true;
}

bool Pipeline::decode_query(Passage& p) const {
  std::string_view rest = p.query_text;
  std::size_t count = 0;
  char* to = p.scratch.decoded_.get();
  const auto decode = [&](std::string_view& piece) {
    if (piece.find_first_of("%+") == std::string_view::npos) return true;
    std::size_t size = 0;
    if (!text::percent_decode(piece, true, to + p.decoded_used, size)) return false;
    piece = {to + p.decoded_used, size};
    p.decoded_used += size;
    return true;
  };
  while (!rest.empty()) {
    const auto ampersand = rest.find('&');
    const auto pair = rest.substr(0, ampersand);
    rest = ampersand == std::string_view::npos ? std::string_view{} : rest.substr(ampersand + 1);
    if (pair.empty()) continue;
    if (count == RequestScratch::kQueryMax)
      return refuse(p, error(400, "malformed_request", "There are too many query parameters."));
    const auto equals = pair.find('=');
    NameValue nv{pair.substr(0, equals),
                 equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1)};
    if (!decode(nv.name) || !decode(nv.value))
      return refuse(p, error(400, "malformed_request", "The query is not properly encoded."));
    p.scratch.query_[count++] = nv;
  }
  p.exchange.set_query({p.scratch.query_.data(), count});
  return true;
}

bool Pipeline::check_content(Passage& p) const {
  if (!p.query_text.empty() && !decode_query(p)) return false;
  const RouteEntry& entry = *p.match.entry;
  if (entry.operation == SIZE_MAX) return true;
  if (!p.query_text.empty())
    if (const auto refusal = document_->check_query(entry.operation, p.exchange.query_parameters()))
      return refuse(p, *refusal);
  if (entry.route.body != Body::json) return true;
  RequestScratch& s = p.scratch;
  s.json_.reset();
  s.json_memory_.emplace(s.json_bytes_.get(), RequestScratch::kJsonBytes);
  auto checked = document_->check_body(entry.operation, p.exchange.header("Content-Type"), p.body, &*s.json_memory_);
  if (const auto* refusal = std::get_if<Response>(&checked)) return refuse(p, *refusal);
  s.json_.emplace(std::move(std::get<boost::json::value>(checked)));
  p.exchange.set_json(&*s.json_);
  return true;
}

bool Pipeline::call_handler(Passage& p) const {
  p.match.entry->route.handler(p.exchange);
  return true;
}

}  // namespace scalemart
