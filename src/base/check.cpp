#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace scalemart {

void check_failed(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "{\"level\":\"critical\",\"event\":\"invariant_broken\",\"check\":\"%s\",\"at\":\"%s:%d\"}\n",
               what, file, line);
  std::abort();
}

}  // namespace scalemart
