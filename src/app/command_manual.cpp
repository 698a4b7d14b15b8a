// scalemart completion, scalemart manual

#include <algorithm>
#include <fstream>
#include <ostream>

#include "app/command.hpp"
#include "app/completion.hpp"
#include "app/manual.hpp"

namespace scalemart {
namespace {

int write_pages(CommandContext& context, const std::vector<ManualPage>& pages, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return context.fail(kCannotRun, folder.string() + ": " + failed.message());
  for (const ManualPage& page : pages) {
    std::ofstream out(folder / page.file_name(), std::ios::binary);
    out << page.text << std::flush;
    if (!out) return context.fail(kCannotRun, (folder / page.file_name()).string() + ": cannot be written");
  }
  return kDone;
}

int print_manual(CommandContext& context, const std::string& name, const std::string& folder) {
  const auto pages = manual_pages(context.tree());
  if (!folder.empty()) return write_pages(context, pages, folder);
  const std::string wanted = name.empty() ? "scalemart" : name;
  const auto page = std::find_if(pages.begin(), pages.end(), [&](const ManualPage& p) {
    return p.name == wanted || p.name == "scalemart-" + wanted;
  });
  if (page == pages.end())
    return context.fail(kWrongUsage, "\"" + wanted + "\" has no manual page; allowed is a command, or scalemart.toml");
  context.out << page->text;
  return kDone;
}

}  // namespace

void declare_completion(CommandSpec spec) {
  auto shell = std::make_shared<std::string>();
  spec.text("shell", *shell, "bash, zsh or fish", true);
  spec.footer("For this shell alone: source <(scalemart completion bash). Packages install it.");
  spec.run([shell](CommandContext& context) -> int {
    const auto script = completion_script(context.tree(), *shell);
    if (!script) return context.fail(kWrongUsage, "\"" + *shell + "\" is not allowed; allowed is bash, zsh or fish");
    context.out << *script;
    return kDone;
  });
}

void declare_manual(CommandSpec spec) {
  struct Asked {
    std::string page, folder;
  };
  auto asked = std::make_shared<Asked>();
  spec.text("page", asked->page, "A command, or scalemart.toml [scalemart]");
  spec.text("--into", asked->folder, "Write all pages as files into this folder");
  spec.footer("To read one: scalemart manual serve | man -l -");
  spec.run([asked](CommandContext& context) { return print_manual(context, asked->page, asked->folder); });
}

}  // namespace scalemart
