#include "app/http_operations.hpp"

#include <curl/curl.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/operations_json.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

Refusal cannot_run(std::string message) {
  return {Refusal::Kind::cannot_run, "", std::move(message)};
}
Refusal nonsense() {
  return cannot_run("the server's answer was not understood; is it another version?");
}

// Path segments: ids and e-mail addresses travel percent-encoded (RFC 3986 section 2.3).
std::string segment(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

Done<json::object> data_object(Done<json::object> answer) {
  if (!answer) return answer.error();
  auto* data = answer->if_contains("data");
  if (data == nullptr || !data->is_object()) return nonsense();
  return std::move(data->as_object());
}

}  // namespace

/// Requests through libcurl. The server speaks with one at a time: each gives way to other commands when it is done.
class HttpOperations::Transport {
 public:
  using OnBytes = std::function<bool(std::string_view)>;

  explicit Transport(ControlSocketName name) : name_(std::move(name)), curl_(curl_easy_init()) {
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
  }
  ~Transport() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  struct Answer {
    long status = 0;
    std::string body;  ///< Of errors always; of successes unless `stream` took it.
  };
  Done<Answer> request(const char* method, const std::string& path, const json::value* body,
                       const OnBytes& stream = {});

 private:
  struct Reception {
    CURL* curl;
    const OnBytes& stream;
    Answer answer;
    bool stopped = false;
  };
  static std::size_t receive(const char* data, std::size_t one, std::size_t size, void* to);

  ControlSocketName name_;
  CURL* curl_;
  curl_slist* headers_ = nullptr;
};

std::size_t HttpOperations::Transport::receive(const char* data, std::size_t one, std::size_t size, void* to) {
  constexpr std::size_t kBodyMax = 64 << 20;
  auto& reception = *static_cast<Reception*>(to);
  long status = 0;
  curl_easy_getinfo(reception.curl, CURLINFO_RESPONSE_CODE, &status);
  const std::string_view bytes(data, one * size);
  if (reception.stream && status >= 200 && status < 300) {
    if (reception.stream(bytes)) return bytes.size();
    reception.stopped = true;
    return 0;
  }
  if (reception.answer.body.size() + bytes.size() > kBodyMax) return 0;
  reception.answer.body.append(bytes);
  return bytes.size();
}

Done<HttpOperations::Transport::Answer> HttpOperations::Transport::request(const char* method, const std::string& path,
                                                                           const json::value* body,
                                                                           const OnBytes& stream) {
  if (curl_ == nullptr) return cannot_run("libcurl did not start");
  const std::string url = "http://localhost" + path;
  const std::string text = body != nullptr ? json::serialize(*body) : std::string();
  Reception reception{curl_, stream, {}};
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_UNIX_SOCKET_PATH, name_.text().c_str());
  curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");
  curl_easy_setopt(curl_, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Transport::receive);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &reception);
  if (body != nullptr || std::string_view(method) == "POST") {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, text.c_str());
  }
  const CURLcode code = curl_easy_perform(curl_);
  if (reception.stopped) return cannot_run("stopped");
  if (code != CURLE_OK) return cannot_run(std::string("the server on control.sock: ") + curl_easy_strerror(code));
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &reception.answer.status);
  if (reception.answer.status < 200 || reception.answer.status >= 300) {
    return refusal_from_answer(static_cast<int>(reception.answer.status), reception.answer.body);
  }
  return std::move(reception.answer);
}

HttpOperations::HttpOperations(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)),
      queue_([this](const char* method, const std::string& path, const json::value* body) {
        return data_object(call_for_object(method, path, body));
      }) {}
HttpOperations::~HttpOperations() = default;

Done<std::unique_ptr<HttpOperations>> HttpOperations::connect(const std::filesystem::path& data_folder) {
  auto name = ControlSocketName::in(data_folder);
  if (!name) return cannot_run(name.error().message);
  return std::unique_ptr<HttpOperations>(new HttpOperations(std::make_unique<Transport>(std::move(*name))));
}

Done<json::object> HttpOperations::call_for_object(const char* method, const std::string& path,
                                                   const json::value* body) {
  auto answer = transport_->request(method, path, body);
  if (!answer) return answer.error();
  if (answer->body.empty()) return json::object{};
  boost::system::error_code fault;
  json::value parsed = json::parse(answer->body, fault);
  if (fault || !parsed.is_object()) return nonsense();
  return std::move(parsed.as_object());
}

Done<UserSummary> HttpOperations::create_user(const NewUser& user) {
  const json::value body{
      {"email", user.email}, {"password", user.password}, {"name", user.name}, {"role", to_text(user.role)}};
  auto answer = call_for_object("POST", "/control/users", &body);
  if (!answer) return answer.error();
  const auto* data = answer->if_contains("data");
  auto made = data != nullptr ? user_from_json(*data) : std::nullopt;
  if (!made) return nonsense();
  return *made;
}

Done<UserPage> HttpOperations::list_users(std::size_t limit, std::string_view cursor) {
  std::string path = "/control/users?limit=" + std::to_string(limit);
  if (!cursor.empty()) path += "&cursor=" + segment(cursor);
  auto answer = call_for_object("GET", path, nullptr);
  if (!answer) return answer.error();
  const auto* data = answer->if_contains("data");
  if (data == nullptr || !data->is_array()) return nonsense();
  UserPage page;
  for (const auto& item : data->as_array()) {
    auto user = user_from_json(item);
    if (!user) return nonsense();
    page.users.push_back(std::move(*user));
  }
  const auto* next = answer->if_contains("next_cursor");
  if (next != nullptr && next->is_string()) page.next_cursor = std::string(next->as_string());
  return page;
}

Done<void> HttpOperations::set_user_disabled(std::string_view email, bool disabled) {
  const json::value body{{"email", email}};
  auto answer = call_for_object("POST", disabled ? "/control/users/disable" : "/control/users/enable", &body);
  if (!answer) return answer.error();
  return {};
}

Done<void> HttpOperations::set_role(std::string_view email, Role role) {
  const json::value body{{"email", email}, {"role", to_text(role)}};
  auto answer = call_for_object("POST", "/control/users/role", &body);
  if (!answer) return answer.error();
  return {};
}

Done<void> HttpOperations::set_password(std::string_view email, std::string_view password) {
  const json::value body{{"email", email}, {"password", password}};
  auto answer = call_for_object("POST", "/control/users/password", &body);
  if (!answer) return answer.error();
  return {};
}

Done<void> HttpOperations::seed_users(const SeedUsers& seed, const std::function<bool(std::string_view)>& sink) {
  const json::value body{{"count", seed.count}, {"ttl_seconds", seed.ttl.count()}};
  std::string rest;
  std::uint64_t received = 0;
  const auto on_bytes = [&](std::string_view bytes) {
    rest.append(bytes);
    std::size_t begin = 0;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
      ++received;
      if (!sink(std::string_view(rest).substr(begin, end - begin))) return false;
      begin = end + 1;
    }
    rest.erase(0, begin);
    return rest.size() < 64 * 1024;
  };
  auto answer = transport_->request("POST", "/control/users/seed", &body, on_bytes);
  if (!answer) return answer.error();
  if (received != seed.count) {
    return cannot_run("the server made " + std::to_string(received) + " of " + std::to_string(seed.count) + " buyers");
  }
  return {};
}

Done<json::array> HttpOperations::list_products() {
  auto answer = call_for_object("GET", "/control/products", nullptr);
  if (!answer) return answer.error();
  auto* data = answer->if_contains("data");
  if (data == nullptr || !data->is_array()) return nonsense();
  return std::move(data->as_array());
}

Done<json::object> HttpOperations::get_product(std::string_view id) {
  return data_object(call_for_object("GET", "/control/products/" + segment(id), nullptr));
}

Done<json::object> HttpOperations::create_product(const json::object& product) {
  const json::value body(product);
  return data_object(call_for_object("POST", "/control/products", &body));
}

Done<json::object> HttpOperations::change_product(std::string_view id, const json::object& changes) {
  const json::value body(changes);
  return data_object(call_for_object("PATCH", "/control/products/" + segment(id), &body));
}

Done<void> HttpOperations::remove_product(std::string_view id) {
  auto answer = call_for_object("DELETE", "/control/products/" + segment(id), nullptr);
  if (!answer) return answer.error();
  return {};
}

Done<json::object> HttpOperations::adjust_stock(std::string_view id, std::int64_t delta, std::string_view reason) {
  const json::value body{{"delta", delta}, {"reason", reason}};
  return data_object(call_for_object("POST", "/control/products/" + segment(id) + "/stock", &body));
}

Done<json::object> HttpOperations::set_paused(std::string_view id, bool paused) {
  const json::value body(json::object{});
  return data_object(
      call_for_object("POST", "/control/products/" + segment(id) + (paused ? "/pause" : "/resume"), &body));
}

Done<VerifyReport> HttpOperations::verify() {
  auto data = data_object(call_for_object("POST", "/control/verify", nullptr));
  if (!data) return data.error();
  auto report = verify_from_json(*data);
  if (!report) return nonsense();
  return *report;
}

Done<BackupReport> HttpOperations::backup(const std::filesystem::path& folder) {
  const json::value body{{"folder", folder.string()}};
  auto data = data_object(call_for_object("POST", "/control/backup", &body));
  if (!data) return data.error();
  auto report = backup_from_json(*data);
  if (!report) return nonsense();
  return *report;
}

Done<std::string> HttpOperations::rotate_key() {
  auto data = data_object(call_for_object("POST", "/control/keys/rotate", nullptr));
  if (!data) return data.error();
  const auto* kid = data->if_contains("kid");
  if (kid == nullptr || !kid->is_string()) return nonsense();
  return std::string(kid->as_string());
}

Done<json::object> HttpOperations::stats() {
  return data_object(call_for_object("GET", "/control/stats", nullptr));
}

Done<json::value> HttpOperations::webhook(std::string_view verb, const json::object& arguments) {
  const json::value body(arguments);
  auto answer = call_for_object("POST", "/control/webhooks/" + segment(verb), &body);
  if (!answer) return answer.error();
  auto* data = answer->if_contains("data");
  if (data == nullptr) return nonsense();
  return std::move(*data);
}

}  // namespace scalemart
