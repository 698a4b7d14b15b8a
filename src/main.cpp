#include "app/cli.hpp"

int main(int argc, char** argv) {
  return scalemart::run_cli(argc, argv);
}
