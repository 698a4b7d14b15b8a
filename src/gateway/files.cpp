#include "gateway/files.hpp"

#include <openssl/sha.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/hex.hpp"
#include "gateway/text.hpp"

namespace scalemart {
namespace {

struct Form {
  std::shared_ptr<const std::string> content;
  std::string etag;
};

/// One file, ready to be sent.
struct Served {
  Form plain;
  Form gzipped;  ///< content is null when there is none.
  std::string_view type;
  std::string_view caching;
  bool is_page = false;
};

std::string etag_of(std::string_view content, std::string_view suffix) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data());
  return "\"" + to_hex(std::as_bytes(std::span(digest)).first(12)) + std::string(suffix) + "\"";
}

/// RFC 9110 section 13.1.2: weak comparison against a list.
bool names_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    auto item = text::trim(if_none_match.substr(0, comma));
    if_none_match = comma == std::string_view::npos ? std::string_view{} : if_none_match.substr(comma + 1);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == "*" || item == etag) return true;
  }
  return false;
}

/// Whether gzip may be sent: named, and not with q=0.
bool accepts_gzip(std::string_view accept) {
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto item = text::trim(accept.substr(0, comma));
    accept = comma == std::string_view::npos ? std::string_view{} : accept.substr(comma + 1);
    const auto semicolon = item.find(';');
    if (!text::iequals(text::trim(item.substr(0, semicolon)), "gzip")) continue;
    if (semicolon == std::string_view::npos) return true;
    const auto q = text::trim(item.substr(semicolon + 1));
    return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000";
  }
  return false;
}

std::shared_ptr<const Served> prepare(const SiteFile& file, Caching caching) {
  auto served = std::make_shared<Served>();
  served->plain = {std::make_shared<const std::string>(file.content), etag_of(file.content, "")};
  if (!file.gzipped.empty())
    served->gzipped = {std::make_shared<const std::string>(file.gzipped), etag_of(file.content, "-gz")};
  served->type = content_type_of(file.name);
  served->caching = caching == Caching::immutable ? "public, max-age=31536000, immutable" : "no-cache";
  served->is_page = file.name.ends_with(".html");
  return served;
}

void send(const Served& file, Exchange& x, int status) {
  const bool zipped = file.gzipped.content != nullptr && accepts_gzip(x.header("Accept-Encoding"));
  const Form& form = zipped ? file.gzipped : file.plain;
  std::string lines = status == 200 ? "ETag: " + form.etag + "\r\nCache-Control: " + std::string(file.caching) + "\r\n"
                                    : "Cache-Control: no-store\r\n";
  if (file.gzipped.content) lines += "Vary: Accept-Encoding\r\n";
  if (zipped) lines += "Content-Encoding: gzip\r\n";
  ResponseView answer;
  answer.status = status;
  answer.is_cacheable = true;
  answer.is_page = file.is_page;
  answer.headers = lines;
  if (status == 200 && names_etag(x.header("If-None-Match"), form.etag)) {
    answer.status = 304;
    return x.respond(answer);
  }
  answer.content_type = file.type;
  answer.shared_body = form.content;
  answer.body = *form.content;
  x.respond(answer);
}

bool wants_page(const Exchange& x) {
  if (x.method() != Method::get && x.method() != Method::head) return false;
  return !x.path().starts_with("/api/") && x.header("Accept").find("text/html") != std::string_view::npos;
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".json", "application/json; charset=utf-8"},
      {".map", "application/json; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".webp", "image/webp"},
      {".avif", "image/avif"},
      {".gif", "image/gif"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".pdf", "application/pdf"},
      {".txt", "text/plain; charset=utf-8"},
      {".xml", "application/xml"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

std::vector<SiteFile> pair_files(std::span<const EmbeddedFile> files) {
  std::map<std::string_view, std::string_view> by_name;
  for (const EmbeddedFile& file : files) by_name.emplace(file.path, file.content());
  std::vector<SiteFile> out;
  for (const auto& [name, content] : by_name) {
    if (name.ends_with(".gz") && by_name.contains(name.substr(0, name.size() - 3))) continue;
    const auto zipped = by_name.find(std::string(name) + ".gz");
    out.push_back({name, content, zipped == by_name.end() ? std::string_view{} : zipped->second});
  }
  return out;
}

Handler serve_file(const SiteFile& file, Caching caching) {
  return [served = prepare(file, caching)](Exchange& x) { send(*served, x, 200); };
}

Handler serve_not_found(const SiteFile& page) {
  return [served = prepare(page, Caching::revalidated)](Exchange& x) {
    if (wants_page(x)) return send(*served, x, 404);
    x.respond(error(404, "not_found", "There is nothing here."));
  };
}

Route page_route(std::string path, Handler handler) {
  Route route;
  route.method = Method::get;
  route.operation_id = "page:" + path;
  route.path = std::move(path);
  route.access = Access::open;
  route.policy = "";
  route.is_documented = false;
  route.handler = std::move(handler);
  return route;
}

Routes api_file_routes(std::span<const EmbeddedFile> files) {
  Routes routes;
  for (const SiteFile& file : pair_files(files)) {
    const std::string_view name = file.name.substr(file.name.rfind('/') + 1);
    const bool is_explorer = name == "docs.html";
    Route route = page_route(is_explorer ? "/docs" : "/" + std::string(name), serve_file(file, Caching::revalidated));
    route.is_documented = is_explorer || name == "openapi.json";
    if (route.is_documented) route.operation_id = is_explorer ? "docs" : "openapi";
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace scalemart
