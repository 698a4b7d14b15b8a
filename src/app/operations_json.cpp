#include "app/operations_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

// Readers below throw on a missing or mistyped field; this turns it into "nothing".
template <class Read>
auto guarded(const json::value& value, Read read) -> std::optional<decltype(read(value.as_object()))> {
  try {
    return read(value.as_object());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string text_of(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

std::uint64_t count_of(const json::object& object, std::string_view name) {
  return object.at(name).to_number<std::uint64_t>();
}

std::chrono::milliseconds took_of(const json::object& object) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(object.at("seconds").to_number<double>() * 1e3));
}

double seconds_of(std::chrono::milliseconds took) {
  return static_cast<double>(took.count()) / 1e3;
}

}  // namespace

json::object to_json(const UserSummary& user) {
  return {{"id", to_string(user.id)},   {"email", user.email},       {"name", user.name},
          {"role", to_text(user.role)}, {"disabled", user.disabled}, {"created_at", to_rfc3339(user.created_at)}};
}

std::optional<UserSummary> user_from_json(const json::value& value) {
  return guarded(value, [](const json::object& o) {
    UserSummary user;
    user.id = parse_ulid<UserId>(text_of(o, "id")).value();
    user.email = text_of(o, "email");
    if (const auto* name = o.if_contains("name"); name != nullptr && name->is_string()) user.name = name->as_string();
    user.role = o.at("role").as_string() == "admin" ? Role::admin : Role::buyer;
    if (const auto* disabled = o.if_contains("disabled")) user.disabled = disabled->as_bool();
    if (const auto* at = o.if_contains("created_at")) user.created_at = parse_rfc3339(at->as_string()).value();
    return user;
  });
}

json::object to_json(const VerifyReport& r) {
  json::object out{{"ok", r.ok}, {"drift", r.drift}, {"orders", r.orders}, {"products", r.products}};
  if (r.has_journal()) {
    out["records"] = r.records;
    out["batches"] = r.batches;
    out["head"] = r.head;
    out["head_hash"] = r.head_hash;
  }
  out["seconds"] = seconds_of(r.took);
  out["problems"] = json::array(r.problems.begin(), r.problems.end());
  return out;
}

std::optional<VerifyReport> verify_from_json(const json::value& value) {
  return guarded(value, [](const json::object& o) {
    VerifyReport r;
    r.ok = o.at("ok").as_bool();
    r.drift = o.at("drift").to_number<std::int64_t>();
    r.orders = count_of(o, "orders");
    r.products = count_of(o, "products");
    if (o.contains("head_hash")) {
      r.records = count_of(o, "records");
      r.batches = count_of(o, "batches");
      r.head = count_of(o, "head");
      r.head_hash = text_of(o, "head_hash");
    }
    r.took = took_of(o);
    for (const auto& problem : o.at("problems").as_array()) r.problems.emplace_back(problem.as_string());
    return r;
  });
}

json::object to_json(const BackupReport& r) {
  return {{"folder", r.folder.string()}, {"bytes", r.bytes}, {"head", r.head}, {"seconds", seconds_of(r.took)}};
}

std::optional<BackupReport> backup_from_json(const json::value& value) {
  return guarded(value, [](const json::object& o) {
    return BackupReport{text_of(o, "folder"), count_of(o, "bytes"), count_of(o, "head"), took_of(o)};
  });
}

Refusal refusal_from_answer(int status, std::string_view body) {
  Refusal refusal{Refusal::Kind::refused, "", "the server answered " + std::to_string(status)};
  if (status >= 500) refusal.kind = Refusal::Kind::cannot_run;
  if (status == 400 || status == 415 || status == 422) refusal.kind = Refusal::Kind::wrong_input;
  boost::system::error_code fault;
  const json::value parsed = json::parse(body, fault);
  const auto* object = fault ? nullptr : parsed.if_object();
  if (object == nullptr) return refusal;
  const auto read = [&](std::string_view name, std::string& into) {
    const auto* text = object->if_contains(name);
    if (text != nullptr && text->is_string()) into = std::string(text->as_string());
  };
  read("code", refusal.code);
  read("detail", refusal.message);
  // 422 says where: "body.total: must be at least 0".
  const auto* errors = object->if_contains("errors");
  if (errors != nullptr && errors->is_array() && !errors->as_array().empty() && errors->as_array()[0].is_object()) {
    const auto& first = errors->as_array()[0].as_object();
    std::string where;
    if (const auto* loc = first.if_contains("loc"); loc != nullptr && loc->is_array()) {
      for (const auto& part : loc->as_array()) {
        where.append(where.empty() ? "" : ".")
            .append(part.is_string() ? std::string(part.as_string()) : json::serialize(part));
      }
    }
    if (const auto* msg = first.if_contains("msg"); msg != nullptr && msg->is_string()) {
      refusal.message += " (" + where + ": " + std::string(msg->as_string()) + ")";
    }
  }
  return refusal;
}

}  // namespace scalemart
