#include "app/worker_links.hpp"

#include <utility>

namespace scalemart {
namespace {

void tell_contact(AccountStore& accounts, const std::shared_ptr<FrameSocket>& socket, const frame::AskContact& asked) {
  find_contact(accounts, asked.buyer, [socket, request = asked.request](Result<std::optional<Contact>> found) {
    using Kind = frame::ContactAnswer::Kind;
    frame::ContactAnswer answer{request, Kind::unavailable, {}};
    if (found) answer.kind = *found ? Kind::found : Kind::none;
    if (found && *found) answer.contact = std::move(**found);
    socket->send(frame::encode(std::move(answer)));
  });
}

}  // namespace

WorkerLinks::~WorkerLinks() {
  for (Peer& peer : peers_) peer.socket->close();
  for (Peer& peer : peers_) peer.thread.join();
}

void WorkerLinks::enter(int fd) {
  bury();
  Peer& peer = peers_.emplace_back();
  peer.socket = std::make_shared<FrameSocket>(fd);
  ++open_;
  peer.thread = std::thread([this, &peer] { serve(peer); });
}

void WorkerLinks::bury() {
  peers_.remove_if([](Peer& peer) {
    if (!peer.ended) return false;
    peer.thread.join();
    return true;
  });
}

void WorkerLinks::serve(Peer& peer) {
  const RemoteWorkers::LinkId link = workers_.opened(peer.socket);
  std::string why = peer.socket->run([&](frame::Message message, std::size_t bytes) {
    if (const auto* asked = std::get_if<frame::AskContact>(&message)) {
      tell_contact(accounts_, peer.socket, *asked);
      return true;
    }
    return workers_.received(link, std::move(message), bytes);
  });
  workers_.closed(link, std::move(why));
  --open_;
  peer.ended = true;
}

}  // namespace scalemart
