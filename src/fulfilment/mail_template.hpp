#pragma once
// What mails to buyers say: texts with {{names}} in them, as plain text and as HTML.

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace scalemart {

enum class MailKind : std::uint8_t { confirmed, failed, expired, refunded };
inline constexpr int kMailKindCount = 4;
[[nodiscard]] std::string_view to_text(MailKind kind);

/// What a template may name.
struct MailFields {
  std::string shop, greeting, name, order, product, product_id, quantity, price, total, reason;
};

/// A text with {{names}}.
class Template {
 public:
  /// An error says which name there is not.
  [[nodiscard]] static Result<Template> parse(std::string_view text);
  /// `html`: values are escaped, so that none of them is markup.
  [[nodiscard]] std::string render(const MailFields& fields, bool html) const;

 private:
  struct Piece {
    std::string text;                          ///< As it stands.
    std::string MailFields::*value = nullptr;  ///< After it; nullptr: nothing.
  };
  std::vector<Piece> pieces_;
};

/// Purpose: subject, text and HTML of every kind. Concurrency: immutable.
class MailTemplates {
 public:
  /// The program's own.
  [[nodiscard]] static const MailTemplates& built_in();
  /// Those of a folder (confirmed.txt, confirmed.html, failed.txt, ...) instead, where there are any. A .txt without
  /// its .html makes a mail of text alone. The error names the file.
  [[nodiscard]] static Result<MailTemplates> open(const std::filesystem::path& folder);

  struct Rendered {
    std::string subject;  ///< One line.
    std::string text;
    std::string html;  ///< Empty: text alone.
  };
  [[nodiscard]] Rendered render(MailKind kind, const MailFields& fields) const;

 private:
  struct Mail {
    Template subject, text, html;
    bool has_html = false;
  };
  [[nodiscard]] Result<void> take(MailKind kind, std::string_view text, std::string_view html);
  std::array<Mail, kMailKindCount> mails_;
};

}  // namespace scalemart
