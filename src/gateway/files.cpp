#include "gateway/files.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/hex.hpp"
#include "gateway/text.hpp"

namespace scalemart {
namespace {

struct Form {
  std::shared_ptr<const std::string> content;
  std::string etag;
};

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

void serve(const Served& file, Exchange& x) {
  const bool zipped = file.gzipped.content != nullptr && accepts_gzip(x.header("Accept-Encoding"));
  const Form& form = zipped ? file.gzipped : file.plain;
  std::string lines = "ETag: " + form.etag + "\r\nCache-Control: " + std::string(file.caching) + "\r\n";
  if (file.gzipped.content) lines += "Vary: Accept-Encoding\r\n";
  if (zipped) lines += "Content-Encoding: gzip\r\n";
  ResponseView answer;
  answer.is_cacheable = true;
  answer.is_page = file.is_page;
  answer.headers = lines;
  if (names_etag(x.header("If-None-Match"), form.etag)) {
    answer.status = 304;
    return x.respond(answer);
  }
  answer.content_type = file.type;
  answer.shared_body = form.content;
  answer.body = *form.content;
  x.respond(answer);
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json; charset=utf-8"},
      {".map", "application/json; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".webp", "image/webp"},
      {".jpg", "image/jpeg"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".pdf", "application/pdf"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

Routes file_routes(const std::vector<SiteFile>& files) {
  Routes routes;
  for (const SiteFile& file : files) {
    auto served = std::make_shared<Served>();
    served->plain = {std::make_shared<const std::string>(file.content), etag_of(file.content, "")};
    if (!file.gzipped.empty())
      served->gzipped = {std::make_shared<const std::string>(file.gzipped), etag_of(file.content, "-gz")};
    served->type = content_type_of(file.name);
    served->caching = file.is_immutable ? "public, max-age=31536000, immutable" : "no-cache";
    served->is_page = file.name.ends_with(".html");
    Route route;
    route.method = Method::get;
    route.path = file.url;
    route.operation_id = file.operation_id.empty() ? "file:" + file.url : file.operation_id;
    route.access = Access::open;
    route.policy = "";
    route.is_documented = !file.operation_id.empty();
    route.handler = [served](Exchange& x) { serve(*served, x); };
    routes.push_back(std::move(route));
  }
  return routes;
}

std::vector<SiteFile> api_site(std::span<const EmbeddedFile> files) {
  std::vector<SiteFile> site;
  for (const EmbeddedFile& file : files) {
    const std::string_view name = file.path.substr(file.path.rfind('/') + 1);
    if (name.ends_with(".gz")) continue;
    SiteFile out{"/" + std::string(name), "", name, file.content(), {}, false};
    if (name == "openapi.json") out.operation_id = "openapi";
    if (name == "docs.html") out.url = "/docs", out.operation_id = "docs";
    if (name == "start.html") out.url = "/";
    const std::string zipped = std::string(file.path) + ".gz";
    const auto pair = std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.path == zipped; });
    if (pair != files.end()) out.gzipped = pair->content();
    site.push_back(std::move(out));
  }
  return site;
}

}  // namespace scalemart
