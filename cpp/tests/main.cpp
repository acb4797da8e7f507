// Runs the native tests, or those whose name contains the first argument.
#include <cstring>

#include "check.h"

int main(int argc, char** argv) {
  int run = 0;
  for (const auto& test : lilliput::tests::all_tests()) {
    if (argc > 1 && !std::strstr(test.name, argv[1])) continue;
    const int before = lilliput::tests::failures();
    test.run();
    ++run;
    std::printf("%s %s\n", lilliput::tests::failures() == before ? "ok  " : "FAIL", test.name);
  }
  std::printf("%d tests, %d failures\n", run, lilliput::tests::failures());
  return run == 0 || lilliput::tests::failures() != 0;
}
