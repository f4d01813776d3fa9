#include "parallel.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include <ATen/Parallel.h>
#include <c10/util/ParallelGuard.h>

namespace fastconv::conv {
namespace {

// The entry point of GNU's OpenMP library to which GCC compiles `#pragma omp parallel`; LLVM's exports it
// too. Null if libtorch has no such library.
using Parallel = void(void (*task)(void *), void *data, unsigned threads, unsigned flags);

Parallel *parallel() {
  static Parallel *const entry = reinterpret_cast<Parallel *>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return entry;
}

// Runs `task` on each thread of a team.
template <class Task> void run_team(Task &task) {
  // 0: the team size of libtorch's own loops. Another size would make OpenMP end idle threads and start new
  // ones.
  parallel()([](void *data) { (*static_cast<Task *>(data))(); }, &task, 0, 0);
}

// Parts that each thread would take of the remaining steps if all were as large as the next one.
constexpr int64_t kPartsPerThread = 2;

// A loop whose threads take parts of decreasing size until none is left (guided self-scheduling;
// Polychronopoulos and Kuck 1987). A thread that shares its processor with another program takes fewer parts,
// and the others don't wait for it. The boundaries of the parts don't depend on the order in which they are
// taken, so that results are equal from run to run.
struct Loop {
  const int64_t begin, end, grain, threads;
  c10::function_ref<void(int64_t, int64_t)> body;
  std::atomic<int64_t> next = begin;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr error = nullptr;

  // Returns the end of the part that begins at `from`: a share of the remaining steps, at least `grain`.
  int64_t part_end(int64_t from) const {
    const int64_t share = (end - from) / (kPartsPerThread * threads);
    return std::min(end, from + std::max(grain, share));
  }

  // Takes and runs parts until none is left, on one of the threads.
  void operator()() {
    try {
      const c10::ParallelGuard guard(true);
      int64_t from = next.load(std::memory_order_relaxed);
      while (from < end) {
        const int64_t to = part_end(from);
        if (next.compare_exchange_weak(from, to, std::memory_order_relaxed)) {
          body(from, to);
          from = next.load(std::memory_order_relaxed);
        }
      }
    } catch (...) {
      next.store(end, std::memory_order_relaxed);
      if (!failed.test_and_set()) {
        error = std::current_exception();
      }
    }
  }
};

} // namespace

int64_t team_threads() {
  std::atomic<int64_t> threads = 0;
  if (parallel() != nullptr) {
    auto count = [&] { ++threads; };
    run_team(count);
  }
  return std::max<int64_t>(threads, 1);
}

int64_t parallel_threads() { return parallel() != nullptr ? at::get_num_threads() : 1; }

void parallel_for(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body) {
  if (begin >= end) {
    return;
  }
  if (end - begin <= grain || c10::ParallelGuard::is_enabled() || parallel_threads() == 1) {
    body(begin, end);
    return;
  }
  Loop loop{begin, end, grain, parallel_threads(), body};
  run_team(loop);
  if (loop.error) {
    std::rethrow_exception(loop.error);
  }
}

} // namespace fastconv::conv
