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
  Shop shop;
  std::unique_ptr<ApiDocument> document;
  std::unique_ptr<Statistics> statistics;
  std::unique_ptr<NoticeDesk> notices;  ///< Not started: they tell when a server runs.
};

class LocalOperations final : private std::unique_ptr<LocalParts>, public EngineOperations {
  using Parts = std::unique_ptr<LocalParts>;

 public:
  explicit LocalOperations(Parts parts)
      : Parts(std::move(parts)),
        EngineOperations(Parts::get()->shop, *Parts::get()->document, Parts::get()->clock,
                         Parts::get()->notices->webhooks(), [this] { return Parts::get()->statistics->render(); }) {}
};

Refusal cannot_run(const Error& why) {
  return {Refusal::Kind::cannot_run, "", why.message};
}

}  // namespace

Done<std::unique_ptr<Operations>> open_local_operations(const Config& config) {
  auto parts = std::make_unique<LocalParts>();
  auto shop = open_shop(config, parts->clock, parts->metrics);
  if (!shop) return shop.error();
  parts->shop = std::move(*shop);
  auto document = ApiDocument::load(api_document_text());
  if (!document) return cannot_run(document.error());
  parts->document = std::make_unique<ApiDocument>(std::move(*document));
  parts->statistics =
      std::make_unique<Statistics>(Statistics::Parts{*parts->shop.engine, parts->metrics, parts->clock});
  auto notices = parts->shop.open_notices(nullptr);
  if (!notices) return cannot_run(notices.error());
  parts->notices = std::move(*notices);
  parts->shop.engine->start();
  return std::unique_ptr<Operations>(std::make_unique<LocalOperations>(std::move(parts)));
}

}  // namespace scalemart
