#include "app/rehearse/answer_reader.hpp"

#include <algorithm>
#include <charconv>

namespace scalemart::rehearse {
namespace {

bool same_name(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x | 0x20) : x) == y;
         });
}

template <class Number>
bool read_number(std::string_view text, Number& out, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, out, base);
  return !text.empty() && fault == std::errc{} && stopped == end;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void AnswerReader::reset() {
  pending_.clear();
  left_ = 0;
  has_length_ = chunked_ = false;
  stage_ = Stage::head;
  answer_.status = 0;
  answer_.retry_after_s = 0;
  answer_.replayed = false;
  answer_.keep_alive = true;
  answer_.body.clear();
}

AnswerReader::State AnswerReader::feed(std::string_view bytes) {
  pending_.append(bytes);
  const State state = advance();
  return state == State::complete && !pending_.empty() ? State::broken : state;
}

AnswerReader::State AnswerReader::advance() {
  while (stage_ == Stage::head) {
    const auto end = pending_.find("\r\n\r\n");
    if (end == std::string::npos) return pending_.size() > kHeadMax ? State::broken : State::need_more;
    if (end > kHeadMax || !take_head(std::string_view(pending_).substr(0, end))) return State::broken;
    pending_.erase(0, end + 4);
    if (answer_.status >= 200) {
      stage_ = chunked_ ? Stage::chunk_size : Stage::body;
    } else {
      answer_ = {};  // 1xx: the real answer follows
    }
  }
  if (stage_ == Stage::done) return State::complete;
  return chunked_ ? read_chunks() : read_counted();
}

bool AnswerReader::take_head(std::string_view head) {
  const auto line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  if (!line.starts_with("HTTP/1.1 ") || line.size() < 12 || !read_number(line.substr(9, 3), answer_.status))
    return false;
  if (answer_.status < 100 || answer_.status > 599 || (line.size() > 12 && line[12] != ' ')) return false;
  head = line_end == std::string_view::npos ? std::string_view{} : head.substr(line_end + 2);
  while (!head.empty()) {
    const auto next = head.find("\r\n");
    const std::string_view header = head.substr(0, next);
    head = next == std::string_view::npos ? std::string_view{} : head.substr(next + 2);
    const auto colon = header.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    if (!take_header(header.substr(0, colon), trimmed(header.substr(colon + 1)))) return false;
  }
  if (answer_.status == 204 || answer_.status == 304 || answer_.status < 200) return !chunked_ && left_ == 0;
  return chunked_ != has_length_;  // exactly one framing
}

bool AnswerReader::take_header(std::string_view name, std::string_view value) {
  if (same_name(name, "content-length")) {
    if (has_length_ || !read_number(value, left_) || left_ > kBodyMax) return false;
    has_length_ = true;
  } else if (same_name(name, "transfer-encoding")) {
    if (chunked_ || !same_name(value, "chunked")) return false;
    chunked_ = true;
  } else if (same_name(name, "connection")) {
    answer_.keep_alive = !same_name(value, "close");
  } else if (same_name(name, "retry-after")) {
    if (!read_number(value, answer_.retry_after_s)) answer_.retry_after_s = 0;
  } else if (same_name(name, "idempotent-replayed")) {
    answer_.replayed = same_name(value, "true");
  }
  return true;
}

AnswerReader::State AnswerReader::read_counted() {
  const std::size_t take = std::min(left_, pending_.size());
  answer_.body.append(pending_, 0, take);
  pending_.erase(0, take);
  left_ -= take;
  if (left_ > 0) return State::need_more;
  stage_ = Stage::done;
  return State::complete;
}

AnswerReader::State AnswerReader::read_chunks() {
  for (;;) {
    if (stage_ == Stage::chunk_data) {
      const std::size_t take = std::min(left_, pending_.size());
      answer_.body.append(pending_, 0, take);
      pending_.erase(0, take);
      left_ -= take;
      if (left_ > 0) return State::need_more;
      stage_ = Stage::chunk_end;
    }
    const auto end = pending_.find("\r\n");
    if (end == std::string::npos) return pending_.size() > kHeadMax ? State::broken : State::need_more;
    const std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 2);
    switch (stage_) {
      case Stage::chunk_size:
        if (!read_number(std::string_view(line).substr(0, line.find(';')), left_, 16)) return State::broken;
        if (left_ > kBodyMax || answer_.body.size() + left_ > kBodyMax) return State::broken;
        stage_ = left_ == 0 ? Stage::trailer : Stage::chunk_data;
        break;
      case Stage::chunk_end:
        if (!line.empty()) return State::broken;
        stage_ = Stage::chunk_size;
        break;
      default:  // trailer: lines up to an empty one
        if (line.empty()) {
          stage_ = Stage::done;
          return State::complete;
        }
        break;
    }
  }
}

std::string_view json_text_field(std::string_view body, std::string_view name) {
  for (auto at = body.find(name); at != std::string_view::npos; at = body.find(name, at + 1)) {
    const auto end = at + name.size();
    if (at == 0 || body[at - 1] != '"' || end >= body.size() || body[end] != '"') continue;
    auto value = end + 1;
    while (value < body.size() && (body[value] == ' ' || body[value] == ':')) ++value;
    if (value >= body.size() || body[value] != '"') continue;
    const auto stop = body.find_first_of("\"\\", value + 1);
    return stop == std::string_view::npos ? std::string_view{} : body.substr(value + 1, stop - value - 1);
  }
  return {};
}

}  // namespace scalemart::rehearse
