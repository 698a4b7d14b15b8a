// The audit trail: entries wait in the documents that they tell of, and are linked to the chain a moment later.
#include <algorithm>
#include <map>

#include "backend/mongodb/accounts_retry.hpp"
#include "base/utf8.hpp"
#include "port/audit_chain.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::int64_t kSourcesMax = 300;  ///< Documents of each collection that are carried on in one round.
constexpr std::int64_t kCheckPage = 2'000;

AuditRow read_row(const Reading& document) {
  AuditRow row;
  row.sequence = static_cast<std::uint64_t>(document.integer("_id"));
  row.entry = {
      document.text("who"),  document.text("what"),   document.text("target"), WallTime{document.integer("at")},
      document.text("from"), document.text("before"), document.text("after")};
  row.hash = document.fixed_bytes<32>("hash");
  return row;
}

/// As it is stored, so as it is hashed.
AuditEntry plain(const AuditEntry& entry) {
  return {as_plain_utf8(entry.who),  as_plain_utf8(entry.what),   as_plain_utf8(entry.target), entry.when,
          as_plain_utf8(entry.from), as_plain_utf8(entry.before), as_plain_utf8(entry.after)};
}

Document in(const std::vector<std::string>& values) {
  Document any;
  any.add("$in", values);
  return any;
}

}  // namespace

/// Notes, and the documents in which they wait.
struct MongoAccounts::Waiting {
  struct Source {
    std::string_view collection;
    std::string id;
    std::vector<Note> notes;
  };
  std::vector<Source> sources;
  std::vector<std::string> alone;  ///< Notes that are documents of their own.
  std::vector<Note> notes;         ///< All of them, in order.
  bool more = false;
};

Reply<MongoAccounts::Waiting> MongoAccounts::waiting() {
  Waiting all;
  for (const std::string_view collection : {"users", "revoked", "settings"}) {
    Query query{.collection = collection, .limit = kSourcesMax};
    query.filter.add("pending", true);
    const auto found = client_->find(query);
    if (!found) return found.error();
    all.more = all.more || found->size() == static_cast<std::size_t>(kSourcesMax);
    for (const Reading& each : *found) {
      Waiting::Source source{collection, each.text("_id"), {}};
      for (const Reading& note : each.documents("outbox")) source.notes.push_back(Note::read(note));
      all.notes.insert(all.notes.end(), source.notes.begin(), source.notes.end());
      all.sources.push_back(std::move(source));
    }
  }
  Query query{.collection = "outbox", .limit = kSourcesMax};
  query.sort.add("_id", std::int32_t{1});
  const auto found = client_->find(query);
  if (!found) return found.error();
  all.more = all.more || found->size() == static_cast<std::size_t>(kSourcesMax);
  for (const Reading& each : *found) {
    all.alone.push_back(each.text("_id"));
    all.notes.push_back(Note::read(each.document("note")));
  }
  std::sort(all.notes.begin(), all.notes.end(), [](const Note& a, const Note& b) { return a.id < b.id; });
  return all;
}

Reply<std::int64_t> MongoAccounts::last_row(Digest256* hash) {
  Query query{.collection = "audit"};
  query.sort.add("_id", std::int32_t{-1});
  const auto found = client_->find(query);
  if (!found) return found.error();
  if (found->empty()) return std::int64_t{0};
  *hash = found->front().fixed_bytes<32>("hash");
  return found->front().integer("_id");
}

Reply<void> MongoAccounts::link(const std::vector<Note>& notes) {
  std::vector<Note> left;
  std::vector<std::string> ids;
  for (const Note& note : notes) {
    if (note.entry.what.empty()) continue;
    left.push_back(note);
    ids.push_back(note.id);
  }
  while (!left.empty()) {
    Query query{.collection = "audit", .limit = static_cast<std::int64_t>(ids.size())};
    query.filter.add("entry", in(ids));
    const auto there = client_->find(query);
    if (!there) return there.error();
    for (const Reading& row : *there)
      std::erase_if(left, [id = row.text("entry")](const Note& note) { return note.id == id; });
    if (left.empty()) break;
    Digest256 hash{};
    const auto last = last_row(&hash);
    if (!last) return last.error();
    std::vector<Document> rows;
    std::int64_t sequence = *last;
    for (const Note& note : left) {
      hash = audit_hash(hash, static_cast<std::uint64_t>(++sequence), plain(note.entry));
      Document& row = rows.emplace_back();
      row.add("_id", sequence).add("entry", note.id).add("at", note.entry.when.ms);
      const AuditEntry entry = plain(note.entry);
      row.add("who", entry.who).add("what", entry.what).add("target", entry.target).add("from", entry.from);
      row.add("before", entry.before).add("after", entry.after).add("hash", std::span<const std::byte>(hash));
    }
    const auto inserted = client_->insert("audit", rows);
    if (inserted) break;
    // Somebody else was faster: what of ours is there now, and behind what comes the rest?
    if (inserted.error().kind != Failure::Kind::duplicate) return inserted.error();
  }
  // A tail that is cut off is noticed by this number. It may be behind for a moment.
  Digest256 unused{};
  const auto last = last_row(&unused);
  if (!last) return last.error();
  Document most, update;
  update.add("$max", most.add("sequence", *last));
  const auto noted = client_->update("audit_head", by_id("head"), update, Client::Which::one_or_new);
  if (!noted && noted.error().kind != Failure::Kind::duplicate) return noted.error();
  return {};
}

Reply<void> MongoAccounts::tell_revoked(const Note& note) {
  Document fresh, dated, update;
  update.add("$setOnInsert", fresh.add("at", note.revoked_at.ms)).add("$currentDate", dated.add("changed", true));
  const auto told = client_->update("revoked", by_id(to_string(*note.revoke)), update, Client::Which::one_or_new);
  if (!told && told.error().kind != Failure::Kind::duplicate) return told.error();
  return {};
}

Reply<void> MongoAccounts::clear(const Waiting& linked) {
  for (const Waiting::Source& source : linked.sources) {
    std::vector<Document> notes;
    for (const Note& note : source.notes) notes.push_back(note.written());
    Document pulled, update, none, condition, absent;
    update.add("$pullAll", pulled.add("outbox", notes));
    if (const auto done = client_->update(source.collection, by_id(source.id), update); !done) return done.error();
    condition.add("_id", source.id).add("outbox", none.add("$size", std::int32_t{0}));
    absent.add("$unset", Document().add("pending", ""));
    if (const auto done = client_->update(source.collection, condition, absent); !done) return done.error();
  }
  if (linked.alone.empty()) return {};
  Document gone;
  const auto removed = client_->remove("outbox", gone.add("_id", in(linked.alone)), true);
  if (!removed) return removed.error();
  return {};
}

Reply<void> MongoAccounts::carry_on(bool& more) {
  const auto found = waiting();
  if (!found) return found.error();
  more = found->more;
  if (found->sources.empty() && found->alone.empty()) return {};
  for (const Note& note : found->notes)
    if (note.revoke)
      if (auto told = tell_revoked(note); !told) return told;
  if (auto linked = link(found->notes); !linked) return linked;
  return clear(*found);
}

Result<void> MongoAccounts::tidy(SteadyTime until) {
  for (bool more = true; more;)
    if (const auto done = patiently([&] { return carry_on(more); }, until); !done) return to_error(done.error());
  return {};
}

StoreOutcome MongoAccounts::append_audit(const AuditEntry& entry, SteadyTime until) {
  const auto note = note_of(entry);
  if (!note) return StoreOutcome::done;
  std::vector<Document> documents;
  documents.emplace_back().add("_id", note->id).add("note", note->written());
  const auto inserted = patiently([&] { return client_->insert("outbox", documents); }, until);
  // A duplicate is this very one. Should it have been linked and removed meanwhile, the trail knows its id.
  if (inserted || inserted.error().kind == Failure::Kind::duplicate) return StoreOutcome::done;
  return outcome_of(inserted.error());
}

Result<std::int64_t> MongoAccounts::trail_end(SteadyTime until) {
  if (auto carried = tidy(until); !carried) return carried.error();
  Digest256 unused{};
  const auto last = patiently([&] { return last_row(&unused); }, until);
  if (!last) return to_error(last.error());
  return *last;
}

Result<AuditPage> MongoAccounts::audit_page(const AuditSearch& search, SteadyTime until) {
  const auto head = trail_end(until);
  if (!head) return head.error();
  const std::int64_t end = search.before == 0 || search.before > static_cast<std::uint64_t>(*head)
                               ? *head + 1
                               : static_cast<std::int64_t>(search.before);
  const std::int64_t first = std::max<std::int64_t>(1, end - static_cast<std::int64_t>(kAuditLookMax));
  const std::size_t limit = std::min<std::size_t>(search.limit, kAuditLookMax);
  const auto found = patiently(
      [&]() -> Reply<std::vector<AuditRow>> {
        Query query{.collection = "audit", .limit = static_cast<std::int64_t>(limit + 1)};
        Document stretch, time;
        query.filter.add("_id", stretch.add("$gte", first).add("$lt", end));
        if (search.since) time.add("$gte", search.since->ms);
        if (search.until) time.add("$lt", search.until->ms);
        if (!time.empty()) query.filter.add("at", time);
        if (!search.who.empty()) query.filter.add("who", as_plain_utf8(search.who));
        if (!search.target.empty()) query.filter.add("target", as_plain_utf8(search.target));
        if (!search.from.empty()) query.filter.add("from", as_plain_utf8(search.from));
        // Its beginning, as a range: behind it comes the greatest character there is.
        const std::string what = as_plain_utf8(search.what);
        Document beginning;
        if (!what.empty()) query.filter.add("what", beginning.add("$gte", what).add("$lt", what + "\xf4\x8f\xbf\xbf"));
        query.sort.add("_id", std::int32_t{-1});
        const auto documents = client_->find(query);
        if (!documents) return documents.error();
        std::vector<AuditRow> rows;
        for (const Reading& each : *documents) rows.push_back(read_row(each));
        return rows;
      },
      until);
  if (!found) return to_error(found.error());
  AuditPage page{*found, 0};
  if (page.rows.size() > limit) {
    page.rows.resize(limit);
    page.next = page.rows.back().sequence;
  } else if (first > 1) {
    page.next = static_cast<std::uint64_t>(first);
  }
  if (auto named = name_accounts(page.rows, until); !named) return named.error();
  return page;
}

Result<void> MongoAccounts::name_accounts(std::vector<AuditRow>& rows, SteadyTime until) {
  std::vector<std::string> ids;  // a page is the work of a few people
  for (const AuditRow& row : rows)
    if (parse_ulid<UserId>(row.entry.who) && std::find(ids.begin(), ids.end(), row.entry.who) == ids.end())
      ids.push_back(row.entry.who);
  if (ids.empty()) return {};
  std::map<std::string, std::string> emails;
  const auto found = patiently(
      [&]() -> Reply<void> {
        Query query{.collection = "users", .limit = static_cast<std::int64_t>(ids.size())};
        query.filter.add("_id", in(ids));
        const auto users = client_->find(query);
        if (!users) return users.error();
        for (const Reading& each : *users) emails[each.text("_id")] = each.text("email");
        return {};
      },
      until);
  if (!found) return to_error(found.error());
  for (AuditRow& row : rows)
    if (const auto email = emails.find(row.entry.who); email != emails.end()) row.who_email = email->second;
  return {};
}

Result<AuditCheck> MongoAccounts::check_audit(SteadyTime until) {
  const auto end = trail_end(until);
  if (!end) return end.error();
  const auto noted = patiently([&] { return client_->find_one("audit_head", by_id("head")); }, until);
  if (!noted) return to_error(noted.error());
  AuditWalk walk;
  for (std::int64_t after = 0;;) {
    const auto page = patiently(
        [&]() -> Reply<std::vector<AuditRow>> {
          Query query{.collection = "audit", .limit = kCheckPage};
          Document stretch;
          query.filter.add("_id", stretch.add("$gt", after).add("$lte", *end));
          query.sort.add("_id", std::int32_t{1});
          const auto documents = client_->find(query);
          if (!documents) return documents.error();
          std::vector<AuditRow> rows;
          for (const Reading& each : *documents) rows.push_back(read_row(each));
          return rows;
        },
        until);
    if (!page) return to_error(page.error());
    for (const AuditRow& row : *page)
      if (!walk.take(row)) return walk.check();
    if (page->size() < static_cast<std::size_t>(kCheckPage)) break;
    after = static_cast<std::int64_t>(page->back().sequence);
  }
  const std::int64_t head = *noted ? std::max(*end, (*noted)->integer("sequence")) : *end;
  return walk.finish(static_cast<std::uint64_t>(head));
}

}  // namespace scalemart::mongo
