#include "bridge.h"

#include <cstdlib>
#include <new>
#include <stdexcept>

#include <ATen/Context.h>
#include <ATen/Functions.h>

#include "../common/guarded.h"

// CUDA's own headers come with CUDA builds of libtorch only (see build.rs).
#if defined(IOPAINT_CUDA)
#include <c10/cuda/CUDACachingAllocator.h>
#endif

extern "C" {

bool iopaint_cuda_limit_memory(iopaint_device device, double fraction, char **error) {
  const auto limit = [&] {
#if defined(IOPAINT_CUDA)
    at::globalContext().lazyInitDevice(c10::kCUDA);
    c10::cuda::CUDACachingAllocator::setMemoryFraction(fraction, static_cast<c10::DeviceIndex>(device));
#else
    TORCH_CHECK(false, "can't limit device ", device, " to a memory fraction of ", fraction,
        ": this program was built without CUDA");
#endif
  };
  return iopaint::guarded(error, limit) == iopaint::Failure::none;
}

void iopaint_cuda_release_memory(void) {
  // A broken device makes the next forward pass fail, with a message.
  iopaint::guarded(nullptr, [] {
#if defined(IOPAINT_CUDA)
    c10::cuda::CUDACachingAllocator::emptyCache();
#endif
  });
}

at::Tensor *iopaint_pinned_bytes(int64_t count, char **error) {
  at::Tensor *result = nullptr;
  iopaint::guarded(error, [&] {
    result = new at::Tensor(at::empty({count}, at::TensorOptions().dtype(at::kByte).pinned_memory(true)));
  });
  return result;
}

void iopaint_text_free(char *text) {
  iopaint::guarded(nullptr, [&] { free(text); });
}

bool iopaint_throw(int kind, bool *out_of_memory, char **error) {
  const iopaint::Failure failure = iopaint::guarded(error, [&] {
    switch (kind) {
    case 0:
      TORCH_CHECK(false, "c10 error");
    case 1:
      TORCH_CHECK_WITH(OutOfMemoryError, false, "c10 out of memory");
    case 2:
      throw std::bad_alloc();
    case 3:
      throw std::runtime_error("standard exception");
    default:
      throw kind; // NOLINT(bugprone-std-exception-baseclass): the guard must catch these too
    }
  });
  *out_of_memory = failure == iopaint::Failure::out_of_memory;
  return failure == iopaint::Failure::none;
}
}
