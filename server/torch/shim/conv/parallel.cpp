#include "parallel.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include <ATen/Parallel.h>
#include <c10/util/ParallelGuard.h>

namespace iopaint::conv {
namespace {

// What GCC makes of `#pragma omp parallel`; LLVM's OpenMP has it too.
struct OpenMp {
  void (*parallel)(void (*task)(void *), void *data, unsigned threads, unsigned flags);
  int (*thread)();
  int (*threads)();

  bool found() const { return parallel != nullptr && thread != nullptr && threads != nullptr; }
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
  std::exception_ptr error;

  void share() {
    const int64_t fit = (end - begin + grain - 1) / grain;
    const int64_t parts = std::min<int64_t>(openmp().threads(), fit);
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

int64_t parallel_threads() { return openmp().found() ? at::get_num_threads() : 1; }

void parallel_for(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body) {
  if (begin >= end) {
    return;
  }
  if (end - begin <= grain || c10::ParallelGuard::is_enabled() || parallel_threads() == 1) {
    body(begin, end);
    return;
  }
  Loop loop{begin, end, grain, body};
  // As many threads as libtorch's own loops have: another number would end those that wait and start new ones.
  openmp().parallel([](void *data) { static_cast<Loop *>(data)->share(); }, &loop, 0, 0);
  if (loop.error) {
    std::rethrow_exception(loop.error);
  }
}

} // namespace iopaint::conv
