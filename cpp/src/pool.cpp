#include "lilliput/pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

namespace lilliput {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPollEvery = std::chrono::milliseconds(50);

struct Job {
  Job(const std::function<void(uint64_t, unsigned, Step&)>& task, uint64_t count, unsigned most_threads)
      : task(task), count(count), most_threads(most_threads) {}

  const std::function<void(uint64_t, unsigned, Step&)>& task;
  const uint64_t count;
  const unsigned most_threads;
  std::atomic<uint64_t> next{0};
  std::atomic<bool> stopped{false};
  std::exception_ptr error;  // the rest: under the pool's mutex
  unsigned slots_given = 1;  // slot 0 is the caller's
  unsigned helpers_inside = 0;
  std::condition_variable left;

  bool wants_help() const {
    return slots_given < most_threads && next.load(std::memory_order_relaxed) < count &&
           !stopped.load(std::memory_order_relaxed);
  }
};

struct HelperStep final : Step {
  explicit HelperStep(Job& job) : job(job) {}
  bool go_on() override { return !job.stopped.load(std::memory_order_relaxed); }
  Job& job;
};

struct CallerStep final : Step {
  CallerStep(Job& job, const Poll& poll) : job(job), poll(poll) {}
  bool go_on() override {
    if (poll && Clock::now() - asked > kPollEvery) {
      asked = Clock::now();
      if (!poll()) job.stopped = true;
    }
    return !job.stopped.load(std::memory_order_relaxed);
  }
  Job& job;
  const Poll& poll;
  Clock::time_point asked = Clock::now();
};

class Pool {
 public:
  bool run(Job& job, const Poll& poll) {
    CallerStep step(job, poll);
    const bool shared = job.most_threads > 1 && job.count > 1;
    if (shared) enter(job);
    work(job, 0, step);
    if (shared) leave(job, step);
    if (job.error) std::rethrow_exception(job.error);
    return !job.stopped;
  }

 private:
  void enter(Job& job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(&job);
    const unsigned wanted = static_cast<unsigned>(std::min<uint64_t>(job.most_threads, job.count)) - 1;
    try {
      for (; started_ < wanted; ++started_) std::thread([this] { serve(); }).detach();
    } catch (const std::system_error&) {
      // The system gives no more threads: those there are do the work, the caller's at least.
    }
    wake_.notify_all();
  }

  void leave(Job& job, CallerStep& step) {
    std::unique_lock lock(mutex_);
    jobs_.remove(&job);
    while (job.helpers_inside) {
      job.left.wait_for(lock, kPollEvery);
      lock.unlock();
      step.go_on();
      lock.lock();
    }
  }

  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      Job* job = nullptr;
      wake_.wait(lock, [&] {
        const auto found = std::find_if(jobs_.begin(), jobs_.end(), [](Job* j) { return j->wants_help(); });
        return found != jobs_.end() && (job = *found);
      });
      const unsigned slot = job->slots_given++;
      ++job->helpers_inside;
      lock.unlock();
      HelperStep step(*job);
      work(*job, slot, step);
      lock.lock();
      if (--job->helpers_inside == 0) job->left.notify_all();
    }
  }

  void work(Job& job, unsigned slot, Step& step) {
    try {
      for (uint64_t i; step.go_on() && (i = job.next.fetch_add(1, std::memory_order_relaxed)) < job.count;)
        job.task(i, slot, step);
    } catch (...) {
      job.stopped = true;
      const std::lock_guard lock(mutex_);
      if (!job.error) job.error = std::current_exception();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<Job*> jobs_;
  unsigned started_ = 0;
};

std::atomic<Pool*> shared_pool{nullptr};

// Threads do not survive a fork and the mutex may be held by one of them: the child starts over, the old pool
// leaks.
void forget_pool() { shared_pool.store(new Pool); }

Pool& pool() {
  static const bool watched = [] {
    shared_pool.store(new Pool);
    pthread_atfork(nullptr, nullptr, forget_pool);
    return true;
  }();
  static_cast<void>(watched);
  return *shared_pool.load();
}

unsigned available() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

unsigned default_threads() {
  if (const char* text = std::getenv("LILLIPUT_NUM_THREADS")) {
    const long n = std::strtol(text, nullptr, 10);
    if (n > 0 && n <= 4096) return static_cast<unsigned>(n);
  }
  return available();
}

bool parallel_for(uint64_t count, unsigned threads,
                  const std::function<void(uint64_t, unsigned, Step&)>& task, const Poll& poll) {
  Job job(task, count, std::max(1u, threads));
  return pool().run(job, poll);
}

}  // namespace lilliput
