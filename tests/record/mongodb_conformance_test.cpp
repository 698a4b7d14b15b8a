// The record over MongoDB's protocol against the ledger (differential.hpp), and in the suite of every ledger.
#include "tests/conformance/sale_ledger_suite.hpp"
#include "tests/record/differential.hpp"
#include "tests/record/shared_bench.hpp"
#include "tests/servers/mongodb_record.hpp"

namespace scalemart {
namespace {

TEST(RecordDifferential, MongodbAnswersAsTheLedgerDoes) {
  const SystemClock clock;
  test::expect_answers_as_the_ledger([&] { return test::open_record(test::fresh_mongodb(), clock); }, 6, 1500);
}

}  // namespace

namespace conformance {
namespace {

template <bool Filtered>
class MongodbBench final : public test::SharedBench<Filtered> {
 public:
  MongodbBench() : record_(test::open_record(test::fresh_mongodb(), this->clock_)) { this->run(*record_); }
  ~MongodbBench() override { this->end(); }

 private:
  std::unique_ptr<mongo::MongoRecord> record_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Mongodb, SaleLedgerConformance, MongodbBench<false>);
INSTANTIATE_TYPED_TEST_SUITE_P(MongodbFiltered, SaleLedgerConformance, MongodbBench<true>);

}  // namespace conformance
}  // namespace scalemart
