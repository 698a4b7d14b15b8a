#pragma once
// Mails as .eml files under the data folder, where no mail server is set.

#include <filesystem>

#include "backend/files/sharded_folder.hpp"
#include "backend/smtp/message.hpp"
#include "port/mailer.hpp"

namespace scalemart {

/// See port/mailer.hpp. A mail of the same kind sent twice overwrites the same file with the same bytes. `done` is
/// called before send() returns.
class MailFiles final : public Mailer {
 public:
  MailFiles(const std::filesystem::path& data_folder, MailIdentity identity);
  void send(Mail mail, MailDone done) override;

 private:
  const ShardedFolder folder_;
  const MailIdentity identity_;
};

}  // namespace scalemart
