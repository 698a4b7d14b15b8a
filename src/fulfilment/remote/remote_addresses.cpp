#include "fulfilment/remote/remote_addresses.hpp"

#include <utility>

namespace scalemart {

void RemoteAddresses::connected(std::shared_ptr<FrameLink> link) {
  const std::lock_guard lock(mutex_);
  link_ = std::move(link);
}

void RemoteAddresses::received(frame::ContactAnswer answer) {
  const std::lock_guard lock(mutex_);
  const auto at = waiting_.find(answer.request);
  if (at == waiting_.end()) return;
  using Kind = frame::ContactAnswer::Kind;
  if (answer.kind == Kind::unavailable) {
    at->second.set_value(error("the server cannot look up the buyer's address now"));
  } else {
    at->second.set_value(answer.kind == Kind::found ? std::optional(std::move(answer.contact)) : std::nullopt);
  }
  waiting_.erase(at);
}

void RemoteAddresses::disconnected() {
  const std::lock_guard lock(mutex_);
  link_.reset();
  for (auto& [request, promise] : std::exchange(waiting_, {})) promise.set_value(error("the server has gone"));
}

Result<std::optional<Contact>> RemoteAddresses::contact(UserId buyer) {
  std::future<Answer> answer;
  std::uint64_t request = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!link_) return error("no server to ask for the buyer's address");
    request = next_++;
    answer = waiting_[request].get_future();
    link_->send(frame::encode(frame::AskContact{request, buyer}));
  }
  if (answer.wait_for(patience_) == std::future_status::ready) return answer.get();
  const std::lock_guard lock(mutex_);
  waiting_.erase(request);
  return error("the server did not say the buyer's address in time");
}

}  // namespace scalemart
