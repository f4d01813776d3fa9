// Bridge: the parts of libtorch that `tch` doesn't wrap, as C functions for Rust (src/bridge.rs).
//
//   module  loads, freezes and runs TorchScript modules in inference mode
//   device  process-wide settings of libtorch, CUDA devices
//   memory  the CUDA allocator and page-locked memory
//
// Internal:
//   archive       reads the files of modules
//   frozen_graph  the graph of a module, with its attributes as constants
//   specialize    the partial evaluation of that graph
//   layout        the memory layout of weights
//
// Conventions:
//   - No function throws: each body runs inside `iopaint::guarded` (common/guarded.h).
//   - A function that can fail returns null or false and stores a message in `*error`, to be freed with
//     iopaint_text_free. The message is null if memory for it is missing.
//   - Of the library in ../fastconv, which rewrites graphs, the bridge uses fastconv.h and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace at {
class Tensor;
}

extern "C" {

// The CPU if negative, otherwise the index of a CUDA device.
typedef int iopaint_device;

// --- device

// Sets the number of intra-op threads and TF32 (matrix products on a GPU with a 10-bit mantissa) for the
// process. Disables the profiling executor and the fusers, which recompile a model for each new image size.
bool iopaint_configure(int threads, bool tf32, char **error);

// Number of CUDA devices available to this libtorch; 0 for a CPU build or without a driver.
int iopaint_cuda_device_count(void);

// --- memory

// Limits the CUDA allocator to `fraction` of the device's memory, in (0, 1].
bool iopaint_cuda_limit_memory(iopaint_device device, double fraction, char **error);

// Returns the CUDA allocator's unused blocks to the driver.
void iopaint_cuda_release_memory(void);

// Returns a uint8 tensor of `count` bytes in page-locked host memory, which a GPU accesses by DMA.
at::Tensor *iopaint_pinned_bytes(int64_t count, char **error);

// Frees a text returned by the bridge or by fastconv. Accepts null.
void iopaint_text_free(char *text);

// --- module

struct iopaint_module;

struct iopaint_loading {
  iopaint_device device;
  // Rewrites the graph with fastconv if the device is the CPU.
  bool optimize;
  // Stores convolution weights channels-last, for cuDNN. Rewritten graphs have their own layout.
  bool channels_last;
  // Convolutions of a rewritten graph multiply in bfloat16, if fastconv_supports_bf16().
  bool bf16;
};

// Load a TorchScript file. `*rewrite_counts` receives fastconv's counts (see fastconv.h), to be freed with
// iopaint_text_free; null if the graph wasn't rewritten.
iopaint_module *iopaint_module_load_file(
    const char *path, const iopaint_loading *loading, char **rewrite_counts, char **error);
iopaint_module *iopaint_module_load_bytes(
    const void *bytes, size_t size, const iopaint_loading *loading, char **rewrite_counts, char **error);

// Compiles `source`, a TorchScript function `def forward(self, ...)`, to a module whose attributes are
// `tensors` under `names`. Otherwise as the functions above; the tensors are copied to the device if need be.
iopaint_module *iopaint_module_compile(const char *source, const char *const *names,
    at::Tensor *const *tensors, size_t count, const iopaint_loading *loading, char **rewrite_counts,
    char **error);
void iopaint_module_free(iopaint_module *module);

// Calls `forward` with `count` tensors and returns its result, one tensor. `tune`: on a GPU, cuDNN benchmarks
// its algorithms for sizes it hasn't run yet. `*out_of_memory`: the exception's type says that an allocation
// failed.
at::Tensor *iopaint_module_forward(iopaint_module *module, at::Tensor *const *inputs, size_t count, bool tune,
    bool *out_of_memory, char **error);

// Receives a tensor of a result, to be freed by the receiver, and its key if the result is a dictionary, else
// null. The key is valid during the call.
typedef void (*iopaint_receiver)(void *context, const char *key, at::Tensor *tensor);

// Calls `forward` of a module that wasn't rewritten and passes the tensors of its result, a tensor, a tuple
// or a dictionary, to `receive`, in order. An integer in a dictionary is passed as a tensor without
// dimensions; other values are left out. `names` has the parameter of each input, or null for a positional
// one. False if the call failed.
bool iopaint_module_forward_all(iopaint_module *module, at::Tensor *const *inputs, const char *const *names,
    size_t count, iopaint_receiver receive, void *context, bool *out_of_memory, char **error);

// --- tests

// Throws inside the guard: 0 a c10::Error, 1 c10's out-of-memory error, 2 std::bad_alloc, 3 a std::exception,
// 4 an int. Sets the results as iopaint_module_forward does.
bool iopaint_throw(int kind, bool *out_of_memory, char **error);
}
