#include "gateway/pages.hpp"

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "gateway/files.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kPrefix = "pages/";
constexpr std::string_view kHashedFolder = "assets/";

/// The addresses that the storefront knows; web/src/storefront has the same list.
constexpr std::array<std::string_view, 7> kStorefront{"/",      "/p/{id}",   "/orders", "/orders/{id}",
                                                      "/login", "/register", "/account"};
constexpr std::array<std::string_view, 2> kConsole{"/admin", "/admin/*"};

/// "/api/orders" and "api/orders" -> "api"
std::string_view first_segment(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

using Folder = std::unordered_map<std::string, Handler>;  ///< By the whole path.

void serve_from(const Folder& folder, Exchange& x) {
  const auto found = folder.find(std::string(x.path()));
  if (found == folder.end()) return x.respond(error(404, "not_found", "There is nothing here."));
  found->second(x);
}

}  // namespace

Result<SitePages> site_pages(std::span<const EmbeddedFile> files, const Routes& others) {
  std::set<std::string_view> taken;
  for (const Route& route : others) taken.insert(first_segment(route.path));
  for (const auto& paths :
       {std::span<const std::string_view>(kStorefront), std::span<const std::string_view>(kConsole)})
    for (const std::string_view path : paths) taken.insert(first_segment(path));

  SitePages site;
  Routes& routes = site.routes;
  std::map<std::string, std::shared_ptr<Folder>, std::less<>> folders;
  for (const SiteFile& file : pair_files(files)) {
    const std::string name(file.name.substr(kPrefix.size()));
    const Handler handler =
        serve_file(file, name.starts_with(kHashedFolder) ? Caching::immutable : Caching::revalidated);
    if (name == "index.html") {
      site.not_found = serve_not_found(file);
      for (const std::string_view path : kStorefront) routes.push_back(page_route(std::string(path), handler));
    } else if (name == "admin.html") {
      for (const std::string_view path : kConsole) routes.push_back(page_route(std::string(path), handler));
    } else if (const std::string_view first = first_segment(name); taken.contains(first)) {
      return scalemart::error("the file " + name + " would hide /" + std::string(first) + " of the server");
    } else if (first.size() == name.size()) {
      routes.push_back(page_route("/" + name, handler));
    } else {
      auto& folder = folders[std::string(first)];
      if (!folder) folder = std::make_shared<Folder>();
      folder->emplace("/" + name, handler);
    }
  }
  // One route a folder: names that change with every build have no place in the labels of metrics.
  for (const auto& [name, folder] : folders)
    routes.push_back(page_route("/" + name + "/*", [folder](Exchange& x) { serve_from(*folder, x); }));
  return site;
}

}  // namespace scalemart
