// The shared ledger over a record in memory, with and without a filter.
#include "sequencer/ledger_record.hpp"
#include "tests/conformance/sale_ledger_suite.hpp"
#include "tests/record/shared_bench.hpp"

namespace scalemart::conformance {
namespace {

template <bool Filtered>
class MemoryRecordBench final : public test::SharedBench<Filtered> {
 public:
  MemoryRecordBench() { this->run(record_); }
  ~MemoryRecordBench() override { this->end(); }

 private:
  LedgerRecord record_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(SharedInMemory, SaleLedgerConformance, MemoryRecordBench<false>);
INSTANTIATE_TYPED_TEST_SUITE_P(SharedInMemoryFiltered, SaleLedgerConformance, MemoryRecordBench<true>);

}  // namespace scalemart::conformance
