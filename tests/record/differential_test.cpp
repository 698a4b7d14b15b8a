// PostgreSQL against the ledger (differential.hpp).
#include "tests/record/differential.hpp"

#include "tests/servers/postgresql.hpp"

namespace scalemart {
namespace {

TEST(RecordDifferential, PostgresqlAnswersAsTheLedgerDoes) {
  const SystemClock clock;
  test::expect_answers_as_the_ledger([&] { return test::open_record(test::fresh_postgresql(), clock); });
}

}  // namespace
}  // namespace scalemart
