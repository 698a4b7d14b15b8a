#include "gateway/audit_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <memory>

#include "domain/time_text.hpp"
#include "gateway/render.hpp"
#include "gateway/time_range.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kAuditPage = 20;

boost::json::value json_or_null(const std::string& text) {
  boost::system::error_code failed;
  auto value = text.empty() ? boost::json::value() : boost::json::parse(text, failed);
  return failed ? boost::json::value(text) : value;
}

boost::json::object audit_json(const AuditRow& row) {
  boost::json::object out{{"sequence", row.sequence},
                          {"who", row.entry.who},
                          {"who_email", nullptr},
                          {"what", row.entry.what},
                          {"target", row.entry.target},
                          {"when", to_rfc3339(row.entry.when)},
                          {"from", row.entry.from},
                          {"before", json_or_null(row.entry.before)},
                          {"after", json_or_null(row.entry.after)}};
  if (!row.who_email.empty()) out["who_email"] = row.who_email;
  return out;
}

/// One answer that is being put together: the store looks at a bounded part of the trail at a time.
struct Reading {
  AccountStore& accounts;
  Later reply;
  AuditSearch search;
  std::size_t wanted;
  std::vector<AuditRow> rows;
};

Response unavailable() {
  return error(503, "unavailable", "The audit trail does not answer.");
}

void respond(Reading& reading, std::uint64_t next) {
  boost::json::array data;
  for (const AuditRow& row : reading.rows) data.push_back(audit_json(row));
  reading.reply.respond(json_list(data, next == 0 ? std::string() : std::to_string(next)));
}

void read_on(const std::shared_ptr<Reading>& reading) {
  reading->search.limit = reading->wanted - reading->rows.size();
  const bool taken = reading->accounts.audit_page(reading->search, [reading](Result<AuditPage> answer) {
    if (!answer) return reading->reply.respond(unavailable());
    AuditPage& page = *answer;
    for (AuditRow& row : page.rows) reading->rows.push_back(std::move(row));
    if (page.next == 0 || reading->rows.size() == reading->wanted) return respond(*reading, page.next);
    reading->search.before = page.next;
    read_on(reading);
  });
  if (!taken) reading->reply.respond(too_busy());
}

std::variant<AuditSearch, Response> read_search(const Exchange& x) {
  AuditSearch search;
  search.limit = kAuditPage;
  if (const auto text = x.query("limit")) std::from_chars(text->data(), text->data() + text->size(), search.limit);
  if (const auto text = x.query("cursor")) {
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), search.before);
    if (code != std::errc() || end != text->data() + text->size() || search.before == 0 || search.before > INT64_MAX)
      return validation_error(R"(["query","cursor"])", "This is no cursor of this list.", "invalid_cursor");
  }
  const auto range = read_time_range(x);
  if (const auto* refused = std::get_if<Response>(&range)) return *refused;
  search.since = std::get<TimeRange>(range).from;
  search.until = std::get<TimeRange>(range).to;
  search.who = x.query("who").value_or("");
  search.what = x.query("what").value_or("");
  search.target = x.query("target").value_or("");
  search.from = x.query("address").value_or("");
  return search;
}

void audit(AccountStore& accounts, Exchange& x) {
  auto read = read_search(x);
  if (const auto* refused = std::get_if<Response>(&read)) return x.respond(*refused);
  AuditSearch search = std::move(std::get<AuditSearch>(read));
  const std::size_t wanted = search.limit;
  const auto reading = std::make_shared<Reading>(Reading{accounts, x.later(), std::move(search), wanted, {}});
  if (reading->search.who.find('@') == std::string::npos) return read_on(reading);
  // People know addresses, the trail knows ids.
  if (!accounts.find_by_email(reading->search.who, [reading](const Result<std::optional<Account>>& account) {
        if (!account) return reading->reply.respond(unavailable());
        if (!*account) return respond(*reading, 0);
        reading->search.who = to_string((*account)->id);
        read_on(reading);
      }))
    reading->reply.respond(too_busy());
}

}  // namespace

Routes audit_routes(AccountStore& accounts) {
  return {Route{Method::get, "/api/admin/audit", "adminAudit", Access::admin, "default", Body::none,
                [&accounts](Exchange& x) { audit(accounts, x); }, true}};
}

}  // namespace scalemart
