#pragma once
// A user with all logins as one document, since one document is what changes as a whole.

#include <optional>
#include <string>
#include <vector>

#include "backend/mongodb/document.hpp"
#include "port/account_store.hpp"

namespace scalemart::mongo {

/// An audit entry that waits in the document which it tells of, until somebody links it to the chain.
struct Note {
  std::string id;  ///< A ULID; of one gateway, later ones are greater. Unique in the trail.
  AuditEntry entry;
  std::optional<FamilyId> revoke{};  ///< And a login that everybody must hear of.
  WallTime revoked_at{};

  [[nodiscard]] static Note read(const Reading& document);
  [[nodiscard]] Document written() const;
};

struct Login {
  RefreshFamily family;
  std::optional<WallTime> revoked;
  std::optional<WallTime> rotated;
};

/// A request that changed the document, and its outcome: so that it is known again when its answer was lost.
struct Answered {
  std::string request;
  std::int32_t outcome = 0;
};
inline constexpr std::size_t kAnsweredMax = 8;

struct UserDocument {
  Account account;
  std::int64_t version = 1;  ///< Of the document: a change is conditional on the one that was read.
  std::optional<WallTime> epoch_at;
  std::vector<Login> logins;
  std::vector<Note> notes;
  std::vector<Answered> answered;  ///< The last ones.

  [[nodiscard]] static UserDocument read(const Reading& document);
  /// For an insert.
  [[nodiscard]] Document written() const;
  /// For an update of the version before. `news`: others must hear of it; the server dates that.
  [[nodiscard]] Document update(bool news) const;

  [[nodiscard]] Login* login(FamilyId id);
  [[nodiscard]] const Answered* answer_of(const std::string& request) const;

 private:
  void add_members(Document& out) const;
};

[[nodiscard]] std::string email_key(std::string_view email);

}  // namespace scalemart::mongo
