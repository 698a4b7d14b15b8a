#include "notify/outlet.hpp"

#include <algorithm>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kRecentMax = 200;
constexpr std::chrono::milliseconds kRetryAfterMax = std::chrono::hours(24);

}  // namespace

Outlet::Outlet(OutletSettings settings, OutletPlace place, std::vector<Letter> letters, Random& random)
    : settings_(std::move(settings)), random_(random), place_(place), saved_(place), read_to_(place.cursor) {
  for (Letter& letter : letters) {
    unsettled_[letter.subject].insert(place_of(letter));
    if (letter.stock) stock_pending_.insert(letter.subject);
    problem_ = letter.problem;
    letters_.emplace(place_of(letter), std::move(letter));
  }
}

void Outlet::add(Letter event) {
  if (letters_.contains(place_of(event)) || in_flight_.contains(place_of(event))) return;  // read again after a restart
  if (event.stock && !stock_pending_.insert(event.subject).second) return;
  waiting_.emplace(place_of(event), std::move(event));
}

bool Outlet::is_behind_another(const Letter& event) const {
  const auto others = unsettled_.find(event.subject);
  return others != unsettled_.end() && *others->second.begin() < place_of(event);
}

bool Outlet::is_too_early(const Letter& event, WallTime now) const {
  if (event.next > now) return true;
  if (!event.stock) return false;
  const auto told = stock_told_.find(index_of(*event.stock));
  return told != stock_told_.end() && now < told->second + settings_.stock_every;
}

std::optional<Letter> Outlet::next(WallTime now) {
  const bool silent = unanswered_ > 0;
  if (!is_enabled() || paused_until_ > now || in_flight_.size() >= (silent ? 1 : settings_.in_flight_max))
    return std::nullopt;
  // Of somebody who is silent, several events are asked about in turn: one of them may be what it chokes on.
  if (silent && letters_.size() < settings_.in_flight_max)
    if (auto event = begin_waiting(now)) return event;
  if (auto letter = begin_letter(now)) return letter;
  return begin_waiting(now);
}

std::optional<Letter> Outlet::begin_letter(WallTime now) {
  auto best = letters_.end();
  for (auto at = letters_.begin(); at != letters_.end(); ++at) {
    if (is_too_early(at->second, now) || is_behind_another(at->second)) continue;
    if (best == letters_.end() || at->second.last < best->second.last) best = at;
  }
  if (best == letters_.end()) return std::nullopt;
  letters_in_flight_.insert(best->first);
  return begin(letters_, best, now);
}

std::optional<Letter> Outlet::begin_waiting(WallTime now) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (letters_.size() + in_flight_.size() >= settings_.letters_max) return std::nullopt;
    if (is_behind_another(at->second)) {
      // Behind a letter it becomes one, so that the cursor goes on; behind one under way it is soon its turn.
      const auto next = std::next(at);
      if (letters_.contains(*unsettled_.at(at->second.subject).begin())) {
        put_by(std::move(at->second));
        waiting_.erase(at);
      }
      at = next;
    } else if (is_too_early(at->second, now)) {
      ++at;
    } else {
      unsettled_[at->second.subject].insert(at->first);
      return begin(waiting_, at, now);
    }
  }
  return std::nullopt;
}

Letter Outlet::begin(Events& events, Events::iterator at, WallTime now) {
  Letter event = at->second;
  if (event.stock) {
    stock_told_[index_of(*event.stock)] = now;
    stock_pending_.erase(event.subject);
  }
  in_flight_.insert(events.extract(at));
  return event;
}

void Outlet::put_by(Letter letter) {
  unsettled_[letter.subject].insert(place_of(letter));
  if (letter.stock) stock_pending_.insert(letter.subject);
  change_.put.push_back(letter);
  changed_ = true;
  letters_.insert_or_assign(place_of(letter), std::move(letter));
}

void Outlet::ended(const Letter& event, const DeliveryResult& result, WallTime now) {
  const Sequence place = place_of(event);
  if (in_flight_.erase(place) == 0) return;
  const bool was_letter = letters_in_flight_.erase(place) > 0;
  const auto others = unsettled_.find(event.subject);
  others->second.erase(place);
  if (others->second.empty()) unsettled_.erase(others);
  changed_ = true;
  Letter letter = event;
  ++letter.attempts;
  letter.last = now;
  letter.status = result.status;
  letter.problem = result.problem;
  if (result.kind == DeliveryResult::Kind::delivered) return taken(std::move(letter), was_letter, now);
  failed(std::move(letter), was_letter, result, now);
}

void Outlet::taken(Letter letter, bool was_letter, WallTime now) {
  unanswered_ = 0;
  paused_until_ = {};
  place_.failing_since = {};
  place_.last_delivered = now;
  problem_.clear();
  if (was_letter) change_.removed.push_back(letter.key);
  letter.body.clear();
  recent_.push_front(std::move(letter));
  if (recent_.size() > kRecentMax) recent_.pop_back();
}

void Outlet::failed(Letter letter, bool was_letter, const DeliveryResult& result, WallTime now) {
  using Kind = DeliveryResult::Kind;
  problem_ = result.problem;
  if (place_.failing_since.ms == 0) place_.failing_since = now;
  letter.next = now;
  if (result.kind == Kind::gone) gone_ = true;
  // The first silence after a success may be this event's fault; those that follow are the receiver's.
  const bool counts = result.kind == Kind::refused || (result.kind == Kind::unreachable && unanswered_ == 0);
  if (counts) ++letter.refusals;
  if (result.kind == Kind::unreachable)
    count_silence(result, now);
  else
    unanswered_ = 0;
  const bool hopeless = result.kind == Kind::rejected || letter.refusals > settings_.retry.size();
  if (hopeless) {
    if (was_letter) change_.removed.push_back(letter.key);
    change_.dead.push_back(std::move(letter));
    return;
  }
  if (counts)
    letter.next =
        now + std::max(jittered(settings_.retry[letter.refusals - 1]), std::min(result.retry_after, kRetryAfterMax));
  if (letter.stock && stock_pending_.contains(letter.subject)) {  // a newer one waits and will say it
    if (was_letter) change_.removed.push_back(letter.key);
    return;
  }
  put_by(std::move(letter));
}

void Outlet::count_silence(const DeliveryResult& result, WallTime now) {
  if (unanswered_ > 0 && now < paused_until_) return;  // they were under way together
  const auto doubled = settings_.pause_first * (std::int64_t{1} << std::min<std::uint32_t>(unanswered_, 20));
  ++unanswered_;
  const auto pause = jittered(std::min<std::chrono::milliseconds>(doubled, settings_.pause_last));
  paused_until_ = now + std::max(pause, std::min(result.retry_after, kRetryAfterMax));
}

void Outlet::revive(Letter letter) {
  letter.refusals = 0;
  letter.next = {};
  put_by(std::move(letter));
}

std::string Outlet::verdict(WallTime now) const {
  if (gone_) return "it answered 410 Gone";
  if (place_.failing_since.ms != 0 && now.ms - place_.failing_since.ms >= settings_.disable_after.count())
    return "nothing was taken since " + to_rfc3339(place_.failing_since) + "; last: " + problem_;
  return {};
}

void Outlet::disable(std::string why) {
  place_.disabled = std::move(why);
  changed_ = true;
}

void Outlet::enable(WallTime now) {
  place_.disabled.clear();
  gone_ = false;
  unanswered_ = 0;
  paused_until_ = {};
  place_.failing_since = {};
  for (auto& [place, letter] : letters_) letter.next = std::min(letter.next, now);
  changed_ = true;
}

OutletPlace Outlet::place() const {
  OutletPlace place = place_;
  place.cursor = read_to_;
  if (!waiting_.empty()) place.cursor = std::min(place.cursor, waiting_.begin()->second.sequence - 1);
  for (const auto& [at, event] : in_flight_) {
    if (letters_in_flight_.contains(at)) continue;
    place.cursor = std::min(place.cursor, event.sequence - 1);
    break;
  }
  return place;
}

std::optional<OutletChange> Outlet::take_change() {
  const OutletPlace now = place();
  if (!changed_ && now.cursor == saved_.cursor) return std::nullopt;
  changed_ = false;
  saved_ = now;
  OutletChange change = std::move(change_);
  change_ = {};
  change.place = now;
  return change;
}

std::chrono::milliseconds Outlet::jittered(std::chrono::milliseconds pause) {
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(pause.count()) * (0.8 + 0.4 * random_.unit())));
}

}  // namespace scalemart
