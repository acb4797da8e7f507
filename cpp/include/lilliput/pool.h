// One pool of threads for the process: started when first needed, shared by concurrent callers, fresh after a
// fork.
#pragma once

#include <cstdint>
#include <functional>

namespace lilliput {

// LILLIPUT_NUM_THREADS, or as many as this process may run on.
unsigned default_threads();

// What a task asks between pieces of its work. `go_on` is false once somebody has cancelled.
class Step {
 public:
  virtual bool go_on() = 0;

 protected:
  ~Step() = default;
};

// Asked now and then by the calling thread, which may then look for signals; false cancels.
using Poll = std::function<bool()>;

// Runs task(i, slot, step) for i in [0, count) on at most `threads` threads, the caller among them; slots
// number the threads from 0. Gives false when cancelled, and throws what a task threw.
bool parallel_for(uint64_t count, unsigned threads,
                  const std::function<void(uint64_t, unsigned, Step&)>& task, const Poll& poll = {});

}  // namespace lilliput
