// The smallest thing that runs tests: TEST registers, CHECK counts and names what failed.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace lilliput::tests {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Register {
  Register(const char* name, void (*run)()) { all_tests().push_back({name, run}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  constexpr int kShown = 20;
  if (failures()++ < kShown) std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

}  // namespace lilliput::tests

#define TEST(name)                                                     \
  static void name();                                                  \
  static const lilliput::tests::Register register_##name(#name, name); \
  static void name()

// `what` is evaluated only where the condition does not hold.
#define CHECK(condition, what)                                                             \
  do {                                                                                     \
    if (!(condition)) lilliput::tests::fail(__FILE__, __LINE__, #condition ": " + (what)); \
  } while (false)
