#include "device.h"

#include <atomic>
#include <cstdlib>
#include <exception>

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "conv/kernels.h"
#include "conv/parallel.h"
#include "error.h"

// Needs CUDA's own headers; without them there is a libtorch without CUDA.
#if defined(IOPAINT_CUDA)
#include <c10/cuda/CUDACachingAllocator.h>
#endif
#if defined(__linux__)
#include <dlfcn.h>
#endif

// Exported by libtorch, but their header (torch/csrc/jit/codegen/fuser/interface.h) isn't shipped.
namespace torch::jit {
TORCH_API void overrideCanFuseOnCPU(bool value);
TORCH_API void overrideCanFuseOnGPU(bool value);
} // namespace torch::jit

extern "C" {

void iopaint_configure(int threads, bool tf32) {
  at::set_num_threads(threads);
  at::globalContext().setAllowTF32CuDNN(tf32);
  at::globalContext().setAllowTF32CuBLAS(tf32);
  torch::jit::getProfilingMode() = false;
  torch::jit::getExecutorMode() = false;
  torch::jit::setTensorExprFuserEnabled(false);
  torch::jit::overrideCanFuseOnCPU(false);
  torch::jit::overrideCanFuseOnGPU(false);
}

const char *iopaint_instruction_set(void) { return iopaint::conv::kernels_name(); }

int iopaint_loop_threads(void) {
  std::atomic<int> parts = 0;
  iopaint::conv::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) { ++parts; });
  return parts;
}

int iopaint_cuda_device_count(void) {
#if defined(__linux__)
  // Nothing of libtorch_cuda is referenced by name, so the linker leaves it out; loading it registers the device.
  // It must happen before the first question about CUDA, whose answer libtorch remembers.
  static void *const cuda_library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  if (cuda_library == nullptr) {
    return 0;
  }
#endif
  try {
    return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
  } catch (...) {
    return 0;
  }
}

bool iopaint_cuda_limit_memory(iopaint_device device, double share, char **error) {
  try {
#if defined(IOPAINT_CUDA)
    at::globalContext().lazyInitDevice(c10::kCUDA);
    c10::cuda::CUDACachingAllocator::setMemoryFraction(share, static_cast<c10::DeviceIndex>(device));
#else
    TORCH_CHECK(false, "this program was built without CUDA: it can't give device ", device, " a share of ", share);
#endif
    return true;
  } catch (const std::exception &exception) {
    iopaint::set_error(error, iopaint::message_of(exception));
    return false;
  }
}

void iopaint_cuda_release_memory(void) {
#if defined(IOPAINT_CUDA)
  try {
    c10::cuda::CUDACachingAllocator::emptyCache();
  } catch (...) {
    // A device that fails here fails the next picture, which tells why.
  }
#endif
}

at::Tensor *iopaint_pinned_bytes(int64_t count, char **error) {
  try {
    return new at::Tensor(at::empty({count}, at::TensorOptions().dtype(at::kByte).pinned_memory(true)));
  } catch (const std::exception &exception) {
    iopaint::set_error(error, iopaint::message_of(exception));
    return nullptr;
  }
}

void iopaint_text_free(char *text) { free(text); }
}
