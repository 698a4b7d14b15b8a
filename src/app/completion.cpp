#include "app/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace scalemart {
namespace {

// All three find out where on the line they are in the same way: the words that are commands, each after a blank,
// such as " user create".

using Visit = std::function<void(const CommandNode& node, const std::string& at)>;

void walk(const CommandNode& node, const std::string& at, const Visit& visit) {
  visit(node, at);
  for (const CommandNode& sub : node.commands) walk(sub, at + " " + sub.name, visit);
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

/// For single quotes, in which the three differ.
std::string quoted(std::string_view text, std::string_view instead_of_quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += instead_of_quote;
    else
      out.push_back(c);
  }
  return out + "'";
}

/// Patterns of bash and zsh: where a command stands.
std::string command_patterns(const CommandNode& program) {
  std::vector<std::string> out;
  walk(program, "", [&](const CommandNode&, const std::string& at) {
    if (!at.empty()) out.push_back("\"" + at + "\"");
  });
  return joined(out, "|");
}

/// Patterns of bash and zsh: after which option a value is due. Settings mean the same everywhere.
std::string value_patterns(const CommandNode& program, bool paths) {
  std::vector<std::string> out;
  walk(program, "", [&](const CommandNode& node, const std::string& at) {
    for (const CommandOption& option : node.options) {
      if (option.is_positional() || !option.takes_value || option.takes_path() != paths) continue;
      const bool everywhere = option.is_setting || option.is_hidden || option.names.front() == "--config";
      for (const std::string& name : option.names)
        out.push_back(everywhere ? "*\" " + name + "\"" : "\"" + at + " " + name + "\"");
    }
  });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return joined(out, "|");
}

bool takes_path_by_place(const CommandNode& node) {
  return std::any_of(node.options.begin(), node.options.end(),
                     [](const CommandOption& option) { return option.is_positional() && option.takes_path(); });
}

std::string bash(const CommandNode& program) {
  std::string words;
  std::string by_place;
  walk(program, "", [&](const CommandNode& node, const std::string& at) {
    std::vector<std::string> all;
    for (const CommandNode& sub : node.commands) all.push_back(sub.name);
    for (const CommandOption& option : node.options)
      if (!option.is_positional() && !option.is_hidden) all.insert(all.end(), option.names.begin(), option.names.end());
    words += fmt::format("    \"{}\") words=\"{}\" ;;\n", at, joined(all, " "));
    if (takes_path_by_place(node)) by_place += fmt::format("{}\"{}\"", by_place.empty() ? "" : "|", at);
  });
  return fmt::format(R"(# bash completion for scalemart, made by `scalemart completion bash`
_scalemart() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} at="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${{COMP_WORDS[i]}}" in
      {}) at="$at ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$at $prev" in
    {})
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
    {}) return ;;
  esac
  case "$at" in
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  case "$at" in
    {})
      if [ "${{#COMPREPLY[@]}}" -eq 0 ]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      fi ;;
  esac
}}
complete -F _scalemart scalemart
)",
                     command_patterns(program), value_patterns(program, true), value_patterns(program, false), words,
                     by_place);
}

std::string zsh(const CommandNode& program) {
  const auto item = [](const std::string& name, const std::string& help) {
    return " " + quoted(name + ":" + help, "'\\''");
  };
  std::string lists;
  walk(program, "", [&](const CommandNode& node, const std::string& at) {
    lists += fmt::format("    \"{}\")\n      commands=(", at);
    for (const CommandNode& sub : node.commands) lists += item(sub.name, sub.help);
    lists += ")\n      options=(";
    for (const CommandOption& option : node.options) {
      if (option.is_positional() || option.is_hidden) continue;
      for (const std::string& name : option.names) lists += item(name, option.help);
    }
    lists += fmt::format(")\n      paths={} ;;\n", takes_path_by_place(node) ? 1 : 0);
  });
  return fmt::format(R"(#compdef scalemart
# zsh completion for scalemart, made by `scalemart completion zsh`
_scalemart() {{
  local at="" word paths=0
  local -a commands options
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$at $word" in
      {}) at="$at $word" ;;
    esac
  done
  case "$at ${{words[CURRENT-1]}}" in
    {}) _files; return ;;
    {}) return ;;
  esac
  case "$at" in
{}  esac
  (( ${{#commands}} )) && _describe command commands
  _describe option options
  (( paths )) && _files
}}
if [ "$funcstack[1]" = _scalemart ]; then _scalemart "$@"; else compdef _scalemart scalemart; fi
)",
                     command_patterns(program), value_patterns(program, true), value_patterns(program, false), lists);
}

std::string fish(const CommandNode& program) {
  std::string lines;
  walk(program, "", [&](const CommandNode& node, const std::string& at) {
    const std::string here = fmt::format("complete -c scalemart -n '__scalemart_at \"{}\"'", at);
    for (const CommandNode& sub : node.commands)
      lines += fmt::format("{} -a {} -d {}\n", here, sub.name, quoted(sub.help, "\\'"));
    for (const CommandOption& option : node.options) {
      if (option.is_positional() || option.is_hidden) continue;
      lines += here;
      for (const std::string& name : option.names)
        lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      lines += option.takes_path() ? " -r -F" : option.takes_value ? " -x" : "";
      lines += fmt::format(" -d {}\n", quoted(option.help, "\\'"));
    }
    if (takes_path_by_place(node)) lines += here + " -F\n";
  });
  std::vector<std::string> places;
  walk(program, "", [&](const CommandNode&, const std::string& at) {
    if (!at.empty()) places.push_back("'" + at + "'");
  });
  return fmt::format(R"(# fish completion for scalemart, made by `scalemart completion fish`
function __scalemart_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case {}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c scalemart -f
{})",
                     joined(places, " "), lines);
}

}  // namespace

std::optional<std::string> completion_script(const CommandNode& program, std::string_view shell) {
  if (shell == "bash") return bash(program);
  if (shell == "zsh") return zsh(program);
  if (shell == "fish") return fish(program);
  return std::nullopt;
}

}  // namespace scalemart
