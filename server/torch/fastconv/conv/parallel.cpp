#include "parallel.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include <ATen/Parallel.h>
#include <c10/util/ParallelGuard.h>

namespace fastconv::conv {
namespace {

// Entry points of GNU's OpenMP library, to which GCC compiles `#pragma omp parallel`. LLVM's exports them
// too.
struct OpenMp {
  void (*parallel)(void (*task)(void *), void *data, unsigned threads, unsigned flags);
  int (*thread)();
  int (*threads)();

  bool is_available() const { return parallel != nullptr && thread != nullptr && threads != nullptr; }
};

template <class Function> Function *symbol(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_DEFAULT, name));
}

const OpenMp &openmp() {
  static const OpenMp loaded{symbol<void(void (*)(void *), void *, unsigned, unsigned)>("GOMP_parallel"),
      symbol<int()>("omp_get_thread_num"), symbol<int()>("omp_get_num_threads")};
  return loaded;
}

struct Loop {
  int64_t begin, end, grain;
  c10::function_ref<void(int64_t, int64_t)> body;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr error = nullptr;

  // Runs this thread's part of the loop.
  void run_part() {
    const int64_t max_parts = (end - begin + grain - 1) / grain;
    const int64_t parts = std::min<int64_t>(openmp().threads(), max_parts);
    const int64_t size = (end - begin + parts - 1) / parts;
    const int64_t from = begin + openmp().thread() * size;
    if (from >= end) {
      return;
    }
    try {
      const c10::ParallelGuard guard(true);
      body(from, std::min(end, from + size));
    } catch (...) {
      if (!failed.test_and_set()) {
        error = std::current_exception();
      }
    }
  }
};

} // namespace

int64_t parallel_threads() { return openmp().is_available() ? at::get_num_threads() : 1; }

void parallel_for(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body) {
  if (begin >= end) {
    return;
  }
  if (end - begin <= grain || c10::ParallelGuard::is_enabled() || parallel_threads() == 1) {
    body(begin, end);
    return;
  }
  Loop loop{begin, end, grain, body};
  // 0: the team size of libtorch's own loops. Another size would make OpenMP end idle threads and start new
  // ones.
  openmp().parallel([](void *data) { static_cast<Loop *>(data)->run_part(); }, &loop, 0, 0);
  if (loop.error) {
    std::rethrow_exception(loop.error);
  }
}

} // namespace fastconv::conv
