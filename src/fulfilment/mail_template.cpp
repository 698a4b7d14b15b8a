#include "fulfilment/mail_template.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/check.hpp"
#include "base/embedded_file.hpp"
#include "base/utf8.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kTemplateMax = 64 << 10;
constexpr std::array<std::string_view, kMailKindCount> kKinds{"confirmed", "failed", "expired", "refunded"};
constexpr std::pair<std::string_view, std::string MailFields::*> kNames[] = {
    {"shop", &MailFields::shop},         {"greeting", &MailFields::greeting}, {"name", &MailFields::name},
    {"order", &MailFields::order},       {"product", &MailFields::product},   {"product_id", &MailFields::product_id},
    {"quantity", &MailFields::quantity}, {"price", &MailFields::price},       {"total", &MailFields::total},
    {"reason", &MailFields::reason}};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A name with a line break must neither end a header nor cost the buyer the mail.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

/// nullopt: there is no such file.
Result<std::optional<std::string>> read_template(const std::filesystem::path& path) {
  std::error_code absent;
  if (!std::filesystem::exists(path, absent)) return std::optional<std::string>();
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.size() > kTemplateMax) return error(path.string() + ": cannot be read, or is more than 64 KiB");
  if (!is_plain_utf8(text)) return error(path.string() + ": is not UTF-8");
  std::erase(text, '\r');
  return std::optional(std::move(text));
}

}  // namespace

std::string_view to_text(MailKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

Result<Template> Template::parse(std::string_view text) {
  Template made;
  for (;;) {
    const auto open = text.find("{{");
    const auto close = text.find("}}", open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      if (open != std::string_view::npos) return error("{{ without }}");
      made.pieces_.push_back({std::string(text), nullptr});
      return made;
    }
    std::string_view name = text.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    const auto* found = std::ranges::find(kNames, name, &std::pair<std::string_view, std::string MailFields::*>::first);
    if (found == std::end(kNames)) return error("{{" + std::string(name) + "}} is nothing that a mail knows");
    made.pieces_.push_back({std::string(text.substr(0, open)), found->second});
    text.remove_prefix(close + 2);
  }
}

std::string Template::render(const MailFields& fields, bool html) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.value != nullptr) out += html ? escaped(fields.*piece.value) : one_line(fields.*piece.value);
  }
  return out;
}

Result<void> MailTemplates::take(MailKind kind, std::string_view text, std::string_view html) {
  constexpr std::string_view kSubject = "Subject: ";
  const auto line = text.find('\n');
  if (!text.starts_with(kSubject) || line == std::string_view::npos)
    return error("the first line must be the subject, such as Subject: Your order of {{product}}");
  Mail& mail = mails_[static_cast<std::size_t>(kind)];
  std::string_view rest = text.substr(line + 1);
  if (rest.starts_with('\n')) rest.remove_prefix(1);
  const std::pair<Template*, std::string_view> parts[] = {
      {&mail.subject, text.substr(kSubject.size(), line - kSubject.size())}, {&mail.text, rest}, {&mail.html, html}};
  for (const auto& [part, source] : parts) {
    auto parsed = Template::parse(source);
    if (!parsed) return parsed.error();
    *part = std::move(*parsed);
  }
  mail.has_html = !html.empty();
  return {};
}

const MailTemplates& MailTemplates::built_in() {
  static const MailTemplates templates = [] {
    MailTemplates made;
    const auto content = [](std::string_view name) {
      for (const EmbeddedFile& file : mail_files())
        if (file.path == "mail/" + std::string(name)) return file.content();
      return std::string_view();
    };
    for (int i = 0; i < kMailKindCount; ++i) {
      const std::string name(kKinds[static_cast<std::size_t>(i)]);
      SCALEMART_CHECK(made.take(static_cast<MailKind>(i), content(name + ".txt"), content(name + ".html")).has_value());
    }
    return made;
  }();
  return templates;
}

Result<MailTemplates> MailTemplates::open(const std::filesystem::path& folder) {
  std::error_code absent;
  if (!std::filesystem::is_directory(folder, absent)) return error(folder.string() + ": is not a folder");
  MailTemplates made = built_in();
  for (int i = 0; i < kMailKindCount; ++i) {
    const std::filesystem::path base = folder / kKinds[static_cast<std::size_t>(i)];
    const std::filesystem::path text_path = base.string() + ".txt", html_path = base.string() + ".html";
    auto text = read_template(text_path);
    if (!text) return text.error();
    auto html = read_template(html_path);
    if (!html) return html.error();
    if (!*text && *html) return error(html_path.string() + ": goes with a .txt, for readers without HTML");
    if (!*text) continue;
    if (auto taken = made.take(static_cast<MailKind>(i), **text, html->value_or("")); !taken)
      return error(text_path.string() + " or its .html: " + taken.error().message);
  }
  return made;
}

MailTemplates::Rendered MailTemplates::render(MailKind kind, const MailFields& fields) const {
  const Mail& mail = mails_[static_cast<std::size_t>(kind)];
  return {one_line(mail.subject.render(fields, false)), mail.text.render(fields, false),
          mail.has_html ? mail.html.render(fields, true) : std::string()};
}

}  // namespace scalemart
