#include "port/account_store_memory.hpp"

#include "port/account_store_contract.hpp"

namespace scalemart::test {
namespace {

struct InMemory {
  AccountStore& store() { return memory; }
  MemoryAccountStore memory;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, AccountStoreContract, InMemory);

}  // namespace
}  // namespace scalemart::test
