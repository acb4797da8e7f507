// The pool: every task once, several callers, cancellation, exceptions, and a child after a fork.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "lilliput/pool.h"

namespace {

using namespace std::string_literals;

using lilliput::parallel_for;
using lilliput::Step;

// Whether each of `count` tasks ran once, in a slot below the number of threads.
bool runs_each_once(uint64_t count, unsigned threads) {
  std::vector<std::atomic<int>> runs(count);
  std::atomic<bool> slots_fit{true};
  const bool done = parallel_for(count, threads, [&](uint64_t i, unsigned slot, Step&) {
    ++runs[i];
    if (slot >= threads) slots_fit = false;
  });
  for (const auto& n : runs)
    if (n != 1) return false;
  return done && slots_fit;
}

}  // namespace

TEST(pool_runs_each_task_once) {
  for (unsigned threads : {1u, 2u, 5u})
    for (uint64_t count : {0u, 1u, 2u, 3u, 1000u})
      CHECK(runs_each_once(count, threads), std::to_string(count) + " on " + std::to_string(threads));
}

TEST(pool_serves_many_callers) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (unsigned caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 50; ++round) wrong += !runs_each_once(17 + caller, 1 + caller % 4);
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(wrong == 0, std::to_string(wrong));
}

TEST(pool_slots_are_one_thread_each) {
  std::vector<int> plain(4);  // no atomics: the sanitizer sees a slot that two threads share
  CHECK(parallel_for(5000, 4, [&](uint64_t, unsigned slot, Step&) { ++plain[slot]; }), "done"s);
  CHECK(plain[0] + plain[1] + plain[2] + plain[3] == 5000, "sum"s);
}

TEST(pool_tasks_may_run_tasks) {
  std::atomic<int> inner{0};
  parallel_for(6, 3, [&](uint64_t, unsigned, Step&) {
    parallel_for(7, 3, [&](uint64_t, unsigned, Step&) { ++inner; });
  });
  CHECK(inner == 42, std::to_string(inner));
}

TEST(pool_is_cancelled_by_the_caller) {
  std::atomic<int> ran{0};
  const auto task = [&](uint64_t, unsigned, Step&) {
    ++ran;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  const auto started = std::chrono::steady_clock::now();
  CHECK(!parallel_for(100'000, 3, task, [] { return false; }), "cancelled"s);
  const auto took = std::chrono::steady_clock::now() - started;
  CHECK(ran < 1000, std::to_string(ran));
  CHECK(took < std::chrono::seconds(5), "quickly"s);
  CHECK(runs_each_once(100, 3), "and goes on"s);
}

TEST(pool_tasks_can_ask_whether_to_go_on) {
  const auto endless = [](uint64_t, unsigned, Step& step) {
    while (step.go_on()) std::this_thread::yield();
  };
  CHECK(!parallel_for(2, 2, endless, [] { return false; }), "both ended"s);
}

TEST(pool_hands_on_what_a_task_throws) {
  for (unsigned threads : {1u, 3u}) {
    std::string caught;
    try {
      parallel_for(1000, threads, [](uint64_t i, unsigned, Step&) {
        if (i == 100) throw std::runtime_error("task 100");
      });
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    CHECK(caught == "task 100", caught);
    CHECK(runs_each_once(100, threads), "and goes on"s);
  }
}

#if !defined(__SANITIZE_THREAD__)  // which does not follow threads into a child

TEST(pool_works_in_a_child) {
  // User-mode emulators lose a forked child's threads; the run on the machine itself tests this.
  if (std::getenv("LILLIPUT_EMULATED")) return;
  CHECK(runs_each_once(1000, 3), "before"s);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(runs_each_once(1000, 3) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, std::to_string(status));
  CHECK(runs_each_once(1000, 3), "after"s);
}

#endif

TEST(pool_reads_its_size_from_the_environment) {
  const char* before = std::getenv("LILLIPUT_NUM_THREADS");
  const std::string kept = before ? before : "";
  setenv("LILLIPUT_NUM_THREADS", "7", 1);
  CHECK(lilliput::default_threads() == 7, std::to_string(lilliput::default_threads()));
  for (const char* nonsense : {"", "0", "-3", "many"}) {
    setenv("LILLIPUT_NUM_THREADS", nonsense, 1);
    CHECK(lilliput::default_threads() >= 1 && lilliput::default_threads() != 7, std::string(nonsense));
  }
  if (before)
    setenv("LILLIPUT_NUM_THREADS", kept.c_str(), 1);
  else
    unsetenv("LILLIPUT_NUM_THREADS");
}
