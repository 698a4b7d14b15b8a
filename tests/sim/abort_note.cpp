#include "tests/sim/abort_note.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace scalemart::sim {
namespace {

std::array<char, 512> note{};

void print_note(int signal) {
  static_cast<void>(!::write(STDERR_FILENO, note.data(), std::strlen(note.data())));
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void note_for_abort(const std::string& line) {
  note.fill(0);
  line.copy(note.data(), note.size() - 2);
  note[std::min(line.size(), note.size() - 2)] = '\n';
  ::signal(SIGABRT, print_note);
  ::signal(SIGSEGV, print_note);
}

}  // namespace scalemart::sim
