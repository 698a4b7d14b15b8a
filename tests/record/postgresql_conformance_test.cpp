// The shared ledger over PostgreSQL runs the suite of every ledger.
#include "tests/conformance/sale_ledger_suite.hpp"
#include "tests/record/shared_bench.hpp"
#include "tests/servers/postgresql.hpp"

namespace scalemart::conformance {
namespace {

template <bool Filtered>
class PostgresqlBench final : public test::SharedBench<Filtered> {
 public:
  PostgresqlBench() : record_(test::open_record(test::fresh_postgresql(), this->clock_)) { this->run(*record_); }
  ~PostgresqlBench() override { this->end(); }

 private:
  std::unique_ptr<pg::PostgresRecord> record_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Postgresql, SaleLedgerConformance, PostgresqlBench<false>);
INSTANTIATE_TYPED_TEST_SUITE_P(PostgresqlFiltered, SaleLedgerConformance, PostgresqlBench<true>);

}  // namespace scalemart::conformance
