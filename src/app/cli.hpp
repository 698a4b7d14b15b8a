#pragma once
// The command line: scalemart SUBCOMMAND [options]. Exit codes: 0 done, 1 the answer is no, 2 wrong usage,
// 3 cannot run.

#include <iosfwd>

#include "app/config.hpp"
#include "app/programs.hpp"

namespace scalemart {

/// main() without main.
int run_cli(int argc, char** argv);

/// The same with everything given; for tests.
int run_cli(int argc, const char* const* argv, const Programs& programs, ConfigSources sources, std::ostream& out,
            std::ostream& err);

}  // namespace scalemart
