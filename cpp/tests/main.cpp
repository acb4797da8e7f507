// Runs the native tests, or those whose name contains the first argument.
#include <chrono>
#include <cstring>

#include "check.h"

int main(int argc, char** argv) {
  int run = 0;
  for (const auto& test : lilliput::tests::all_tests()) {
    if (argc > 1 && !std::strstr(test.name, argv[1])) continue;
    const int before = lilliput::tests::failures();
    const auto started = std::chrono::steady_clock::now();
    test.run();
    ++run;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    std::printf("%s %s (%.1f s)\n", lilliput::tests::failures() == before ? "ok  " : "FAIL", test.name,
                took.count());
    std::fflush(stdout);  // what had passed is seen where the next one hangs
  }
  std::printf("%d tests, %d failures\n", run, lilliput::tests::failures());
  return run == 0 || lilliput::tests::failures() != 0;
}
