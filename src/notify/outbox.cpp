#include "notify/outbox.hpp"

#include <sys/prctl.h>

#include <algorithm>

#include "base/task_pool.hpp"

namespace scalemart {

Outbox::Outbox(ShopFacts& facts, OutboxStore& store, const Clock& clock, Random& random, Options options)
    : facts_(facts), store_(store), clock_(clock), random_(random), options_(std::move(options)) {}

Outbox::~Outbox() {
  stop();
}

void Outbox::start() {
  thread_ = std::thread([this] { run(); });
}

void Outbox::stop() {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->stopping = true;
  }
  inbox_->wake.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Outbox::note(const std::string& line) {
  if (line == std::exchange(last_note_, line)) return;
  if (options_.on_note) options_.on_note(line);
}

Result<void> Outbox::open(const std::string& name, Receiver receiver, const std::string& disabled_if_new) {
  auto known = store_.place(name);
  if (!known) return known.error();
  auto letters = store_.waiting(name);
  if (!letters) return letters.error();
  OutletPlace place = known->value_or(OutletPlace{});
  // A restored journal may end before the place: what follows is new.
  place.cursor = *known ? std::min(place.cursor, facts_.head()) : facts_.head();
  if (!*known) {
    place.disabled = disabled_if_new;
    if (!place.disabled.empty() && receiver.disabled) receiver.disabled(place.disabled);
    if (const auto saved = store_.save(name, {place, {}, {}, {}}); !saved) return saved.error();
  }
  const std::lock_guard lock(mutex_);
  entries_.erase(name);
  const OutletSettings settings = receiver.settings.value_or(options_.outlet);
  entries_.emplace(name, Entry{std::move(receiver), Outlet(settings, place, std::move(*letters), random_),
                               ++generations_, std::nullopt});
  return {};
}

Result<void> Outbox::close(const std::string& name, bool forget) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  if (!forget && !save(name, found->second)) return error("outbox.db cannot be written to");
  entries_.erase(found);
  return forget ? store_.forget(name) : Result<void>();
}

void Outbox::enable(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  found->second.outlet.enable(clock_.wall());
  static_cast<void>(save(name, found->second));
}

void Outbox::disable(const std::string& name, const std::string& why) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  found->second.outlet.disable(why);
  static_cast<void>(save(name, found->second));
}

std::optional<Outbox::View> Outbox::view(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  const Outlet& outlet = found->second.outlet;
  View view{outlet.place(), {}, {outlet.recent().begin(), outlet.recent().end()}, outlet.problem()};
  for (const auto& [place, letter] : outlet.letters()) view.letters.push_back(letter);
  return view;
}

Result<std::vector<Letter>> Outbox::dead(const std::string& name, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(name); found != entries_.end()) static_cast<void>(save(name, found->second));
  return store_.dead(name, limit);
}

std::uint64_t Outbox::dead_count(const std::string& name) {
  const auto count = store_.dead_count(name);
  return count ? *count : 0;
}

Result<std::uint64_t> Outbox::retry(const std::string& name, const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::uint64_t{0};
  if (!save(name, found->second)) return error("outbox.db cannot be written to");
  const std::size_t held = found->second.outlet.letters().size();
  const std::size_t room = options_.outlet.letters_max - std::min(held, options_.outlet.letters_max);
  auto revived = store_.revive(name, key, room);
  if (!revived) return revived.error();
  for (Letter& letter : *revived) found->second.outlet.revive(std::move(letter));
  return std::uint64_t{revived->size()};
}

void Outbox::run() {
  ::prctl(PR_SET_NAME, "outbox");
  yield_to_the_sale(false);
  for (;;) {
    take_results();
    {
      const bool is_busy = options_.is_busy && options_.is_busy();
      const bool has_room = !options_.has_room || options_.has_room();
      const std::lock_guard lock(mutex_);
      const bool save_now = clock_.steady() - saved_ >= options_.save_every;
      if (save_now) saved_ = clock_.steady();
      for (auto& [name, entry] : entries_) {
        if (!has_room) continue;
        if (save_now) static_cast<void>(save(name, entry));
        if (store_failed_) continue;
        judge(entry);
        if (!entry.outlet.is_enabled()) continue;
        if (!is_busy) read_for(entry);
        begin_deliveries(name, entry);
      }
    }
    std::unique_lock lock(inbox_->mutex);
    inbox_->wake.wait_for(lock, options_.poll, [this] { return inbox_->stopping || !inbox_->ended.empty(); });
    if (inbox_->stopping) break;
  }
  take_results();
  const std::lock_guard lock(mutex_);
  for (auto& [name, entry] : entries_) static_cast<void>(save(name, entry));
}

void Outbox::take_results() {
  std::vector<Ended> ended;
  {
    const std::lock_guard lock(inbox_->mutex);
    ended.swap(inbox_->ended);
  }
  const std::lock_guard lock(mutex_);
  for (const Ended& one : ended) {
    const auto found = entries_.find(one.name);
    if (found == entries_.end() || found->second.generation != one.generation) continue;
    found->second.outlet.ended(one.event, one.result, clock_.wall());
    if (found->second.receiver.on_attempt) found->second.receiver.on_attempt(one.event, one.result);
  }
}

void Outbox::judge(Entry& entry) {
  const std::string why = entry.outlet.verdict(clock_.wall());
  if (why.empty() || !entry.outlet.is_enabled()) return;
  entry.outlet.disable(why);
  if (entry.receiver.disabled) entry.receiver.disabled(why);
}

void Outbox::read_for(Entry& entry) {
  Outlet& outlet = entry.outlet;
  if (!outlet.wants_more() || facts_.head() <= outlet.read_to()) return;
  auto page = facts_.read(outlet.read_to(), options_.read_records);
  if (!page) return note(page.error().message);
  for (const ShopFact& fact : page->facts) {
    if (fact.sequence <= outlet.read_to()) continue;  // batches are read whole
    for (Letter& event : entry.receiver.events(fact)) outlet.add(std::move(event));
  }
  outlet.advance(std::max(outlet.read_to(), page->read_to));
}

void Outbox::begin_deliveries(const std::string& name, Entry& entry) {
  while (const auto event = entry.outlet.next(clock_.wall())) {
    entry.receiver.deliver(
        *event, [inbox = inbox_, name, generation = entry.generation, event = *event](DeliveryResult result) {
          const std::lock_guard lock(inbox->mutex);
          inbox->ended.push_back({name, generation, event, std::move(result)});
          inbox->wake.notify_all();
        });
  }
}

bool Outbox::save(const std::string& name, Entry& entry) {
  if (!entry.unsaved) entry.unsaved = entry.outlet.take_change();
  if (!entry.unsaved) return true;
  const auto saved = store_.save(name, *entry.unsaved);
  store_failed_ = !saved;
  if (!saved) {
    note(saved.error().message);
    return false;
  }
  for (const Letter& letter : entry.unsaved->dead)
    if (entry.receiver.on_dead) entry.receiver.on_dead(letter);
  entry.unsaved.reset();
  return true;
}

}  // namespace scalemart
