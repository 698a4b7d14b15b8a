#pragma once
// When an assertion of the program ends the process, say which seed it was.

#include <string>

namespace scalemart::sim {

/// Printed, with how to do it again, when the process dies by SIGABRT or SIGSEGV.
void note_for_abort(const std::string& line);

}  // namespace scalemart::sim
