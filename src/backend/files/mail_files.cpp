#include "backend/files/mail_files.hpp"

#include <utility>

namespace scalemart {

MailFiles::MailFiles(const std::filesystem::path& data_folder, MailIdentity identity)
    : folder_(data_folder / "mail", "eml"), identity_(std::move(identity)) {}

void MailFiles::send(Mail mail, MailDone done) {
  const Result<std::string> message = build_message(mail, identity_);
  if (!message) return done({MailOutcome::rejected, message.error().message});
  const Result<void> kept = folder_.put(mail.order, *message, mail.kind == "confirmation" ? "" : mail.kind);
  if (!kept) return done({MailOutcome::unavailable, kept.error().message});
  done({MailOutcome::sent, {}});
}

}  // namespace scalemart
