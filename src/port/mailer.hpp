#pragma once
// Mail to buyers, and where they can be reached.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"

namespace scalemart {

struct Mail {
  OrderId order;                      ///< With the kind it names the message: sent twice, it has the same Message-ID.
  std::string kind = "confirmation";  ///< Letters and '-'.
  std::string to;                     ///< local@domain
  std::string to_name;                ///< May be empty.
  std::string subject;                ///< UTF-8
  std::string text;                   ///< UTF-8, lines end with \n
  std::string html;                   ///< The same for who can show it; empty: there is none.
  std::string attachment_name;        ///< Empty: nothing is attached.
  std::string attachment;             ///< PDF
  WallTime date;
};

enum class MailOutcome : std::uint8_t {
  sent,
  unavailable,  ///< Try again later: no connection, 4xx, time-out.
  rejected,     ///< Will never work: 5xx, or a field that could smuggle a header.
};

struct MailResult {
  MailOutcome outcome = MailOutcome::unavailable;
  std::string detail;     ///< One line for an operator.
  bool deferred = false;  ///< unavailable, but the server is there: it asks for a later try of this mail (4xx).
};
using MailDone = std::function<void(MailResult)>;

/// Purpose: hands a message to something that delivers it.
/// Concurrency: thread-safe. `done` is called exactly once, on the mailer's thread or before send() returns.
/// send() may write a small file; it never waits for a network.
class Mailer {
 public:
  virtual ~Mailer() = default;
  virtual void send(Mail mail, MailDone done) = 0;
};

struct Contact {
  std::string email;
  std::string name;
};

/// Where buyers can be reached. Thread-safe; may block for a local read. Nothing: this buyer has no address.
/// An error: it cannot be said now, try again later.
class AddressBook {
 public:
  virtual ~AddressBook() = default;
  [[nodiscard]] virtual Result<std::optional<Contact>> contact(UserId buyer) = 0;
};

}  // namespace scalemart
