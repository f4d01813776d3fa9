#include "bridge.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "../common/guarded.h"

#if defined(__linux__)
#include <dlfcn.h>
#endif

// Exported by libtorch, but their header (torch/csrc/jit/codegen/fuser/interface.h) isn't shipped.
namespace torch::jit {
TORCH_API void overrideCanFuseOnCPU(bool value);
TORCH_API void overrideCanFuseOnGPU(bool value);
} // namespace torch::jit

extern "C" {

bool iopaint_configure(int threads, bool tf32, char **error) {
  const auto configure = [&] {
    at::set_num_threads(threads);
    at::globalContext().setAllowTF32CuDNN(tf32);
    at::globalContext().setAllowTF32CuBLAS(tf32);
    torch::jit::getProfilingMode() = false;
    torch::jit::getExecutorMode() = false;
    torch::jit::setTensorExprFuserEnabled(false);
    torch::jit::overrideCanFuseOnCPU(false);
    torch::jit::overrideCanFuseOnGPU(false);
  };
  return iopaint::guarded(error, configure) == iopaint::Failure::none;
}

int iopaint_cuda_device_count(void) {
  int count = 0;
  iopaint::guarded(nullptr, [&] {
#if defined(__linux__)
    // The linker drops libtorch_cuda because no symbol of it is referenced; loading it registers the CUDA
    // backend. This must precede the first CUDA query, whose result libtorch caches.
    static void *const cuda_library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    if (cuda_library == nullptr) {
      return;
    }
#endif
    if (at::hasCUDA()) {
      // NOLINTNEXTLINE(bugprone-signed-char-misuse): an int8_t that is a number.
      count = static_cast<int>(at::detail::getCUDAHooks().deviceCount());
    }
  });
  return count;
}
}
