#include "app/local_operations.hpp"

#include "app/engine_operations.hpp"
#include "app/statistics.hpp"
#include "base/embedded_file.hpp"

namespace scalemart {
namespace {

/// What EngineOperations works on; a base, so that it is there before it.
struct LocalParts {
  SystemClock clock;
  Metrics metrics;
  Config config;
  Shop shop;
  std::unique_ptr<OrderDesk> desk;  ///< nullptr: nobody asked for it.
  std::unique_ptr<ApiDocument> document;
  std::unique_ptr<Statistics> statistics;
  std::unique_ptr<NoticeDesk> notices;  ///< Not started: they tell when a server runs.

  ~LocalParts() {
    if (desk) desk->stop(std::chrono::nanoseconds(0));
    if (shop.engine) shop.engine->stop();
  }
};

EngineOperations::Fulfilment fulfilment_of(const LocalParts& parts) {
  return {parts.desk ? &parts.desk->fulfilment() : nullptr, nullptr, parts.config.is_shared()};
}

class LocalOperations final : private std::unique_ptr<LocalParts>, public EngineOperations {
  using Parts = std::unique_ptr<LocalParts>;

 public:
  explicit LocalOperations(Parts parts)
      : Parts(std::move(parts)),
        EngineOperations(
            Parts::get()->shop, *Parts::get()->document, Parts::get()->clock, Parts::get()->notices->webhooks(),
            [this] { return Parts::get()->statistics->render(); }, fulfilment_of(*Parts::get())) {}
};

Refusal cannot_run(const Error& why) {
  return {Refusal::Kind::cannot_run, "", why.message};
}

}  // namespace

Done<std::unique_ptr<Operations>> open_local_operations(const Config& config, bool with_queue) {
  auto parts = std::make_unique<LocalParts>();
  parts->config = config;
  parts->config.workers = 0;  // a command shows and settles, it does not work
  auto shop = open_shop(parts->config, parts->clock, parts->metrics);
  if (!shop) return shop.error();
  parts->shop = std::move(*shop);
  if (with_queue) {
    auto desk = parts->shop.open_desk({});
    if (!desk) return cannot_run(desk.error());
    parts->desk = std::move(*desk);
  }
  auto document = ApiDocument::load(api_document_text());
  if (!document) return cannot_run(document.error());
  parts->document = std::make_unique<ApiDocument>(std::move(*document));
  FulfilmentDesk* fulfilment = parts->desk ? &parts->desk->fulfilment() : nullptr;
  parts->statistics =
      std::make_unique<Statistics>(Statistics::Parts{*parts->shop.engine, parts->metrics, parts->clock, fulfilment});
  auto notices = parts->shop.open_notices(nullptr);
  if (!notices) return cannot_run(notices.error());
  parts->notices = std::move(*notices);
  parts->shop.engine->start();
  if (parts->desk) parts->desk->start();
  return std::unique_ptr<Operations>(std::make_unique<LocalOperations>(std::move(parts)));
}

}  // namespace scalemart
