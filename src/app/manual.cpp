#include "app/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "app/settings.hpp"
#include "app/version.hpp"

namespace scalemart {
namespace {

/// Text that roff takes for what it is: dashes that can be copied, no commands, no escapes.
std::string plain(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else
      out.push_back(c);
    at_start = c == '\n';
  }
  return out;
}

std::string head(std::string_view name, int section, std::string_view help) {
  return fmt::format(".\\\" Made by `scalemart manual`.\n.TH {} {} \"\" \"ScaleMart {}\"\n.SH NAME\n{} \\- {}\n",
                     plain(name), section, version(), plain(name), plain(help));
}

std::string value_of(const CommandOption& option) {
  if (!option.takes_value) return "";
  return fmt::format(" \\fI{}\\fR", option.value.empty() ? "VALUE" : plain(option.value));
}

std::string option_entry(const CommandOption& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", plain(name));
  const std::string value = option.is_positional() ? "" : value_of(option);
  return fmt::format(".TP\n{}{}\n{}\n", names, value, plain(option.help));
}

std::string synopsis(const CommandNode& node, const std::string& words) {
  std::string out = fmt::format(".B {}\n", plain(words));
  for (const CommandOption& option : node.options) {
    if (option.is_required && !option.is_positional())
      out += fmt::format("\\fB{}\\fR{}\n", plain(option.names.front()), value_of(option));
  }
  out += "[\\fIoptions\\fR]\n";
  for (const CommandOption& option : node.options)
    if (option.is_positional())
      out += (option.is_required ? "\\fI" : "[\\fI") + plain(option.names.front()) +
             (option.is_required ? "\\fR\n" : "\\fR]\n");
  return out + ".br\n";
}

std::string options_of(const CommandNode& node, bool with_help = true) {
  std::string out;
  for (const CommandOption& option : node.options) {
    if (option.is_hidden || option.is_setting || (!with_help && option.names.front().starts_with("--help"))) continue;
    out += option_entry(option);
  }
  return out;
}

std::string footer_of(const CommandNode& node) {
  std::string out;
  std::string_view rest = node.footer;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (const auto line = rest.substr(0, end); !line.empty()) out += plain(line) + "\n.br\n";
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}

constexpr std::string_view kExitStatus = R"(.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
The answer is no: something differs, was not found, or is refused.
.TP
.B 2
Wrong usage.
.TP
.B 3
It cannot run: a port in use, a store out of reach, a wrong setting. One line on standard error says what and why.
)";

ManualPage page_of_command(const CommandNode& command) {
  ManualPage page{"scalemart-" + command.name, 1, ""};
  page.text = head(page.name, 1, command.help) + ".SH SYNOPSIS\n";
  const std::string words = "scalemart " + command.name;
  if (command.commands.empty()) page.text += synopsis(command, words);
  for (const CommandNode& sub : command.commands) page.text += synopsis(sub, words + " " + sub.name);
  page.text += fmt::format(".SH DESCRIPTION\n{}.\n", plain(command.help));
  if (const std::string footer = footer_of(command); !footer.empty()) page.text += ".PP\n" + footer;
  for (const CommandNode& sub : command.commands)
    page.text += fmt::format(".SH {}\n{}.\n{}{}", plain("scalemart " + command.name + " " + sub.name), plain(sub.help),
                             footer_of(sub), options_of(sub, false));
  page.text += ".SH OPTIONS\n" + options_of(command);
  const auto is_setting = [](const CommandOption& option) { return option.is_setting || option.is_hidden; };
  if (std::any_of(command.options.begin(), command.options.end(), is_setting))
    page.text +=
        ".PP\nEvery setting of\n.BR scalemart.toml (5)\nis an option as well: queue_max is "
        "\\fB\\-\\-queue\\-max\\fR.\n";
  page.text += kExitStatus;
  page.text += ".SH SEE ALSO\n.BR scalemart (1),\n.BR scalemart.toml (5)\n";
  return page;
}

ManualPage page_of_program(const CommandNode& program) {
  ManualPage page{"scalemart", 1, head("scalemart", 1, "sell a limited stock to a crowd, every unit exactly once")};
  page.text +=
      ".SH SYNOPSIS\n.B scalemart\n\\fIcommand\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n" + plain(program.help) + "\n";
  page.text += ".SH COMMANDS\n";
  std::string also;
  for (const CommandNode& command : program.commands) {
    page.text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", plain(command.name), plain(command.help));
    also += fmt::format(".BR scalemart\\-{} (1),\n", plain(command.name));
  }
  page.text += ".SH OPTIONS\n" + options_of(program);
  page.text += kExitStatus;
  page.text += R"(.SH ENVIRONMENT
.TP
.B SCALEMART_CONFIG
A file of settings; \fB\-\-config\fR goes before it.
.TP
\fBSCALEMART_\fR\fINAME\fR
A setting, see
.BR scalemart.toml (5).
.TP
.B CREDENTIALS_DIRECTORY
Files scalemart_\fIname\fR in it are secrets, as
.BR systemd.exec (5)
hands them over by LoadCredential=.
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_USEC ", " LISTEN_FDS
Of a service manager:
.BR sd_notify (3),
.BR sd_listen_fds (3).
)";
  page.text += ".SH SEE ALSO\n" + also + ".BR scalemart.toml (5)\n";
  return page;
}

ManualPage page_of_settings() {
  ManualPage page{"scalemart.toml", 5, head("scalemart.toml", 5, "settings of ScaleMart")};
  page.text += R"(.SH DESCRIPTION
A TOML file of keys and values, which
.BR scalemart (1)
reads when \fB\-\-config\fR or SCALEMART_CONFIG names it. Each key is also a variable (queue_max is SCALEMART_QUEUE_MAX) and an
option (\-\-queue\-max). Later wins: default, file, credential, environment, option. An unknown key or a wrong value stops
the start with one line that says what is allowed.
.PP
Times are a number with us, ms, s, m, h or d; sizes are bytes, or with KiB, MiB, GiB. Of a setting that may hold a secret,
SCALEMART_\fINAME\fR_FILE names a file with it.
)";
  std::string_view group;
  for (const Setting& setting : settings()) {
    if (setting.group != group) {
      group = setting.group;
      page.text += fmt::format(".SH {}\n", plain(group));
    }
    page.text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", plain(setting.key()), plain(setting.help));
    if (setting.mask != Mask::none) page.text += "It may hold a secret.\n";
    if (const std::string allowed = setting.allowed(); !allowed.empty())
      page.text += fmt::format("Allowed: {}.\n", plain(allowed));
    page.text += fmt::format("Default: {}.\n", setting.fallback.empty() ? "none" : plain(setting.fallback));
  }
  page.text += ".SH SEE ALSO\n.BR scalemart (1)\n";
  return page;
}

}  // namespace

std::vector<ManualPage> manual_pages(const CommandNode& program) {
  std::vector<ManualPage> pages{page_of_program(program), page_of_settings()};
  for (const CommandNode& command : program.commands) pages.push_back(page_of_command(command));
  return pages;
}

}  // namespace scalemart
