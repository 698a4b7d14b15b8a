#include "backend/mongodb/user_document.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace scalemart::mongo {
namespace {

template <class Id>
Id id_of(const std::string& text) {
  const auto id = parse_ulid<Id>(text);
  if (!id) throw Malformed("an id is none");
  return *id;
}

std::optional<WallTime> time_in(const Reading& document, const char* key) {
  const auto ms = document.optional_integer(key);
  return ms ? std::optional(WallTime{*ms}) : std::nullopt;
}

std::optional<std::int64_t> in_ms(const std::optional<WallTime>& time) {
  return time ? std::optional(time->ms) : std::nullopt;
}

Login read_login(const Reading& document, UserId user) {
  Login login;
  login.family.id = id_of<FamilyId>(document.text("id"));
  login.family.user = user;
  login.family.secret = document.fixed_bytes<32>("secret");
  login.family.token = document.fixed_bytes<32>("token");
  login.family.created = WallTime{document.integer("created")};
  login.family.expires = WallTime{document.integer("expires")};
  login.revoked = time_in(document, "revoked");
  login.rotated = time_in(document, "rotated");
  return login;
}

Document write_login(const Login& login) {
  Document out;
  out.add("id", to_string(login.family.id));
  out.add("secret", std::span<const std::byte>(login.family.secret));
  out.add("token", std::span<const std::byte>(login.family.token));
  out.add("created", login.family.created.ms).add("expires", login.family.expires.ms);
  out.add("revoked", in_ms(login.revoked)).add("rotated", in_ms(login.rotated));
  return out;
}

}  // namespace

Note Note::read(const Reading& document) {
  Note note;
  note.id = document.text("id");
  note.entry = {
      document.text("who"),  document.text("what"),   document.text("target"), WallTime{document.integer("at")},
      document.text("from"), document.text("before"), document.text("after")};
  if (document.has("revoke")) {
    note.revoke = id_of<FamilyId>(document.text("revoke"));
    note.revoked_at = WallTime{document.integer("revoked_at")};
  }
  return note;
}

Document Note::written() const {
  Document out;
  out.add("id", id)
      .add("at", entry.when.ms)
      .add("who", as_plain_utf8(entry.who))
      .add("what", as_plain_utf8(entry.what));
  out.add("target", as_plain_utf8(entry.target)).add("from", as_plain_utf8(entry.from));
  out.add("before", as_plain_utf8(entry.before)).add("after", as_plain_utf8(entry.after));
  if (revoke) out.add("revoke", to_string(*revoke)).add("revoked_at", revoked_at.ms);
  return out;
}

UserDocument UserDocument::read(const Reading& document) {
  UserDocument user;
  Account& account = user.account;
  account.id = id_of<UserId>(document.text("_id"));
  account.email = document.text("email");
  account.name = document.text("name");
  account.role = document.integer("role") == 0 ? Role::buyer : Role::admin;
  account.password_hash = document.text("password");
  account.disabled = document.flag("disabled");
  account.epoch = static_cast<std::uint32_t>(document.integer("epoch"));
  account.created = WallTime{document.integer("created")};
  user.version = document.integer("version");
  user.epoch_at = time_in(document, "epoch_at");
  for (const Reading& each : document.documents("families")) user.logins.push_back(read_login(each, account.id));
  for (const Reading& each : document.documents("outbox")) user.notes.push_back(Note::read(each));
  for (const Reading& each : document.documents("answered"))
    user.answered.push_back({each.text("request"), static_cast<std::int32_t>(each.integer("outcome"))});
  return user;
}

void UserDocument::add_members(Document& out) const {
  out.add("version", version).add("email", as_plain_utf8(account.email)).add("email_key", email_key(account.email));
  out.add("name", as_plain_utf8(account.name)).add("role", static_cast<std::int32_t>(account.role));
  out.add("password", as_plain_utf8(account.password_hash)).add("disabled", account.disabled);
  out.add("epoch", std::int64_t{account.epoch}).add("created", account.created.ms).add("epoch_at", in_ms(epoch_at));
  std::vector<std::string> ids;
  std::vector<Document> families, outbox, requests;
  std::optional<std::int64_t> first_end;
  for (const Login& login : logins) {
    ids.push_back(to_string(login.family.id));
    families.push_back(write_login(login));
    first_end = std::min(first_end.value_or(login.family.expires.ms), login.family.expires.ms);
  }
  for (const Note& note : notes) outbox.push_back(note.written());
  for (const Answered& each : answered)
    requests.emplace_back().add("request", each.request).add("outcome", each.outcome);
  out.add("families", families).add("outbox", outbox).add("answered", requests);
  // What indexes have; absent where there is nothing, since they are sparse.
  if (!ids.empty()) out.add("family_ids", ids);
  out.add("families_end", first_end);
  if (!notes.empty()) out.add("pending", true);
}

Document UserDocument::written() const {
  Document out;
  out.add("_id", to_string(account.id));
  add_members(out);
  return out;
}

Document UserDocument::update(bool news) const {
  Document members, absent, dated, out;
  add_members(members);
  if (!epoch_at) absent.add("epoch_at", "");
  if (logins.empty()) absent.add("family_ids", "").add("families_end", "");
  if (notes.empty()) absent.add("pending", "");
  out.add("$set", members);
  if (!absent.empty()) out.add("$unset", absent);
  if (news) out.add("$currentDate", dated.add("news", true));
  return out;
}

Login* UserDocument::login(FamilyId id) {
  const auto found =
      std::find_if(logins.begin(), logins.end(), [id](const Login& each) { return each.family.id == id; });
  return found == logins.end() ? nullptr : &*found;
}

const Answered* UserDocument::answer_of(const std::string& request) const {
  const auto found = std::find_if(answered.begin(), answered.end(),
                                  [&request](const Answered& each) { return each.request == request; });
  return found == answered.end() ? nullptr : &*found;
}

std::string email_key(std::string_view email) {
  std::string key = as_plain_utf8(email);
  for (char& c : key)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 32);
  return key;
}

}  // namespace scalemart::mongo
