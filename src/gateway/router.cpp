#include "gateway/router.hpp"

#include <algorithm>

namespace scalemart {

struct Router::Node {
  struct Literal {
    std::string text;
    std::unique_ptr<Node> node;
  };
  std::vector<Literal> literals;  ///< Few per node: a linear look is the fastest.
  std::unique_ptr<Node> parameter;
  std::unique_ptr<Node> whatever;  ///< "*"
  std::array<const RouteEntry*, kMethodCount> methods{};
  std::string allow;  ///< Empty: no route ends here.
};

namespace {

std::optional<PolicyId> policy_named(std::string_view name) {
  for (std::size_t i = 0; i < kPolicyCount; ++i)
    if (to_text(static_cast<PolicyId>(i)) == name) return static_cast<PolicyId>(i);
  return std::nullopt;
}

/// "/a/b" -> "a" and "/b"; the last segment leaves an empty rest.
std::string_view take_segment(std::string_view& rest) {
  const auto slash = rest.find('/', 1);
  const auto segment = rest.substr(1, slash == std::string_view::npos ? slash : slash - 1);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  return segment;
}

std::size_t position(Method m) {
  return static_cast<std::size_t>(m);
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<Router> Router::build(Routes routes) {
  Router router;
  for (auto& route : routes) {
    auto entry = std::make_unique<RouteEntry>();
    entry->index = router.entries_.size();
    if (!route.policy.empty()) {
      entry->policy = policy_named(route.policy);
      if (!entry->policy)
        return scalemart::error("route " + route.operation_id + ": no rate limit is called '" + route.policy + "'");
    }
    entry->route = std::move(route);
    if (auto added = router.add(*entry); !added) return added.error();
    router.entries_.push_back(std::move(entry));
  }
  return router;
}

Result<void> Router::add(RouteEntry& entry) {
  const Route& route = entry.route;
  const auto wrong = [&](std::string_view what) {
    return scalemart::error("route " + std::string(to_text(route.method)) + " " + route.path + ": " +
                            std::string(what));
  };
  if (route.path.empty() || route.path.front() != '/') return wrong("the path must begin with '/'");
  if (!route.handler) return wrong("it has no handler");
  Node* node = root_.get();
  std::string_view rest = route.path;
  std::size_t parameters = 0;
  for (std::size_t depth = 0; !rest.empty(); ++depth) {
    const auto segment = take_segment(rest);
    if (depth >= kPathSegmentsMax) return wrong("it has too many segments");
    if (segment == "*") {
      if (!rest.empty()) return wrong("'*' stands for the rest of a path, so nothing follows it");
      if (!node->whatever) node->whatever = std::make_unique<Node>();
      node = node->whatever.get();
      continue;
    }
    if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}') {
      if (++parameters > kPathParametersMax) return wrong("it has too many parameters");
      if (!node->parameter) node->parameter = std::make_unique<Node>();
      node = node->parameter.get();
      continue;
    }
    auto found =
        std::find_if(node->literals.begin(), node->literals.end(), [&](const auto& l) { return l.text == segment; });
    if (found == node->literals.end())
      found = node->literals.insert(found, {std::string(segment), std::make_unique<Node>()});
    node = found->node.get();
  }
  if (node->methods[position(route.method)] != nullptr) return wrong("it is there twice");
  node->methods[position(route.method)] = &entry;
  node->allow.clear();
  for (std::size_t m = 0; m < kMethodCount; ++m) {
    const bool served =
        node->methods[m] != nullptr || (m == position(Method::head) && node->methods[position(Method::get)] != nullptr);
    if (served) node->allow.append(node->allow.empty() ? "" : ", ").append(to_text(static_cast<Method>(m)));
  }
  return {};
}

const Router::Node* Router::walk(const Node& node, std::string_view rest, RouteMatch& match) {
  if (rest.empty()) return node.allow.empty() ? nullptr : &node;
  if (const Node* found = below(node, rest, match)) return found;
  return node.whatever.get();
}

const Router::Node* Router::below(const Node& node, std::string_view rest, RouteMatch& match) {
  const auto segment = take_segment(rest);
  for (const auto& literal : node.literals)
    if (literal.text == segment)
      if (const Node* found = walk(*literal.node, rest, match)) return found;
  if (!node.parameter || segment.empty()) return nullptr;
  match.parameters[match.parameter_count++] = segment;
  if (const Node* found = walk(*node.parameter, rest, match)) return found;
  --match.parameter_count;
  return nullptr;
}

RouteMatch Router::match(Method method, std::string_view path) const {
  RouteMatch match;
  if (path.empty() || path.front() != '/') return match;
  const Node* node = walk(*root_, path, match);
  if (node == nullptr) return match;
  match.entry = node->methods[position(method)];
  if (match.entry == nullptr && method == Method::head) match.entry = node->methods[position(Method::get)];
  match.allow = node->allow;
  return match;
}

}  // namespace scalemart
