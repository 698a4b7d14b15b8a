#include "gateway/exchange.hpp"

#include <algorithm>
#include <cstring>

#include "gateway/text.hpp"

namespace scalemart {

std::string_view to_text(Method method) {
  constexpr std::array<std::string_view, kMethodCount> kNames{"GET",   "HEAD",   "POST",   "PUT",
                                                              "PATCH", "DELETE", "OPTIONS"};
  return kNames[static_cast<std::size_t>(method)];
}

std::optional<std::string_view> Exchange::query(std::string_view name) const {
  for (const auto& pair : query_)
    if (pair.name == name) return pair.value;
  return std::nullopt;
}

std::string_view Exchange::header(std::string_view name) const {
  for (const auto& field : headers_) {
    if (field.name.size() != name.size()) continue;
    const bool same = std::equal(name.begin(), name.end(), field.name.begin(),
                                 [](char a, char b) { return text::lower(a) == text::lower(b); });
    if (same) return field.value;
  }
  return {};
}

void Exchange::begin(ExchangeHost& host, const Question& question, const Origin& origin) {
  host_ = &host;
  route_ = nullptr;
  json_ = nullptr;
  method_ = question.method;
  path_ = question.path;
  path_parameters_ = question.path_parameters;
  query_ = question.query;
  headers_ = question.headers;
  body_ = question.body;
  principal_.reset();
  client_ = origin.client;
  arrival_ = origin.arrival;
  loop_ = origin.loop;
  is_secure_ = origin.is_secure;
  request_id_size_ = static_cast<std::uint8_t>(std::min(origin.request_id.size(), kRequestIdMax));
  if (request_id_size_ > 0) std::memcpy(request_id_.data(), origin.request_id.data(), request_id_size_);
  open_ = true;
  local_used_ = false;
}

void Exchange::end_question() {
  path_ = body_ = {};
  path_parameters_ = {};
  query_ = {};
  headers_ = {};
  json_ = nullptr;
}

Later Exchange::later() {
  return host_->later(*this);
}

EventStream Exchange::stream(StreamOptions options) {
  return host_->stream(*this, std::move(options));
}

Later& Later::operator=(Later&& other) noexcept {
  if (this != &other) {
    Later old(std::move(*this));  // Answers what was never answered.
    target_ = std::move(other.target_);
    token_ = other.token_;
  }
  return *this;
}

Later::~Later() {
  if (target_) target_->complete(token_, unavailable());
}

void Later::respond(Response response) noexcept {
  if (const auto target = std::move(target_)) target->complete(token_, std::move(response));
  target_ = nullptr;
}

EventStream::Text event_text(std::string_view name, std::string_view data, std::string_view id) {
  std::string out;
  out.reserve(name.size() + data.size() + id.size() + 24);
  out.append("event: ").append(name).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  out.append("data: ").append(data).append("\n\n");
  return std::make_shared<const std::string>(std::move(out));
}

}  // namespace scalemart
