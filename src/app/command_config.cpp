// scalemart config, scalemart version

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <ostream>

#include "app/command.hpp"
#include "app/settings.hpp"
#include "app/version.hpp"

namespace scalemart {
namespace {

int print_config(CommandContext& context) {
  const auto config = context.config();
  if (!config) return kCannotRun;
  boost::json::object shown;
  for (const Setting& setting : settings()) {
    const std::string variable = setting.variable();
    const std::string& origin = config->origins.at(variable);
    if (context.json) {
      shown[variable] = boost::json::object{{"value", setting.show(*config)}, {"from", origin}};
    } else {
      context.out << fmt::format("{}={}  # {}\n", variable, setting.show(*config), origin);
    }
  }
  if (context.json) context.print(shown);
  for (const auto& warning : config->warnings) context.err << "warning: " << warning << '\n';
  return kDone;
}

}  // namespace

void declare_config(CommandSpec spec) {
  struct Asked {
    bool docs = false;
    bool example = false;
  };
  auto asked = std::make_shared<Asked>();
  spec.flag("--docs", asked->docs, "Print docs/configuration.md instead");
  spec.flag("--example", asked->example, "Print a configuration file to begin with instead; of --data what is given");
  spec.run([asked](CommandContext& context) -> int {
    if (asked->docs) {
      context.out << settings_markdown();
    } else if (asked->example) {
      const auto data = context.sources.flags.find("SCALEMART_DATA");
      context.out << settings_example(data == context.sources.flags.end() ? "" : data->second);
    } else {
      return print_config(context);
    }
    return kDone;
  });
}

void declare_version(CommandSpec spec) {
  spec.run([](CommandContext& context) -> int {
    if (context.json) {
      boost::json::object parts;
      for (const auto& [name, number] : libraries()) parts[name] = number;
      context.print({{"version", version()}, {"revision", revision()}, {"compiler", compiler()}, {"libraries", parts}});
      return kDone;
    }
    context.out << "scalemart " << version() << " (" << revision() << "), " << compiler() << '\n';
    for (const auto& [name, number] : libraries()) context.out << name << ' ' << number << '\n';
    return kDone;
  });
}

}  // namespace scalemart
