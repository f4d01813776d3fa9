// fastconv: faster convolutions and Fourier transforms for frozen TorchScript models on the CPU.
//
// This header is the library's whole interface: C functions over opaque libtorch objects. No function throws.
// A function that can fail returns null or false and stores a message in `*error` unless `error` is null. The
// message is to be freed with free(); it is null if memory for it is missing.
//
// graph/ rewrites a torch::jit::Graph. A convolution, its padding, batch norm, activation, sum and residual
// become one fused node (a layer). Fourier transforms whose real and imaginary parts are channels become
// planar transforms.
//
// conv/ runs these nodes. layer.cpp chooses an algorithm by geometry: Winograd F(4x4, 3x3), one matrix
// product for 1x1, im2col, shifted sums for few output channels, or transposed convolution; bf16_conv.cpp
// computes all but the shifted sums in bfloat16, if this is requested. fourier.cpp has the real 2D FFT. The
// inner loops (kernels_impl.h, fourier_impl.h) are compiled once per instruction set and chosen at run time.
//
// Terms:
// - channels-last: the channels of a pixel are adjacent, [N, H, W, C] in memory
// - contiguous: each channel is a plane, [N, C, H, W] in memory, PyTorch's default layout
// - tile: 4x4 outputs of a Winograd convolution, computed from 6x6 inputs
// - plane: one of the 36 coefficients of all tiles in the Winograd domain
// - strip: consecutive tiles or pixels that a thread computes at a time, sized to fit a cache
// - channel block: as many channels as a vector register has lanes
// - epilogue: bias, activation and residual, applied when an output is written
// - interleaved: complex numbers as channels re0, im0, re1, im1, ..., as in libtorch's views
// - planar: complex numbers as channels re0, re1, ..., im0, im1, ... (split-complex)
//
// docs/adr/0007-rewritten-graphs.md has the reasons, docs/performance.md the measurements.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A std::shared_ptr<torch::jit::Graph>.
typedef struct fastconv_graph fastconv_graph;
// An at::Tensor.
typedef struct fastconv_tensor fastconv_tensor;

// Rewrites a frozen graph (weights are constants) whose tensor inputs have four dimensions. `*counts`
// receives the numbers of rewritten nodes as text, "name=number" separated by spaces; graph/counts.h lists
// the names. The graph is unusable after a failure. `bf16`: convolutions multiply in bfloat16, if
// fastconv_supports_bf16().
bool fastconv_rewrite(fastconv_graph *graph, bool bf16, char **counts, char **error);

// Returns true if this processor has the matrix registers (AMX) for convolutions in bfloat16, and libtorch's
// CPU capability allows them.
bool fastconv_supports_bf16(void);

// The instruction set of the inner loops on this processor. Never freed.
const char *fastconv_instruction_set(void);

// Number of threads that share a loop of a rewritten graph, measured by running one; 0 after a failure.
int fastconv_loop_threads(void);

// --- Single algorithms, for tests. Tensors are float32 on the CPU; results are new.

enum fastconv_algorithm {
  FASTCONV_POINTWISE,
  FASTCONV_WINOGRAD,
  FASTCONV_IM2COL,
  FASTCONV_FEW_OUTPUTS,
  FASTCONV_TRANSPOSED,
  // In bfloat16; only if fastconv_supports_bf16().
  FASTCONV_BF16,
  FASTCONV_BF16_TRANSPOSED
};
enum fastconv_padding_mode { FASTCONV_ZEROS, FASTCONV_REFLECT, FASTCONV_REPLICATE };
enum fastconv_activation { FASTCONV_IDENTITY, FASTCONV_RELU, FASTCONV_LEAKY_RELU };
enum fastconv_residual {
  FASTCONV_NO_RESIDUAL,
  FASTCONV_RESIDUAL_BEFORE_ACTIVATION,
  FASTCONV_RESIDUAL_AFTER_ACTIVATION
};

typedef struct fastconv_convolution {
  int algorithm, padding_mode, activation, residual;
  float slope;                              // of the leaky ReLU for negative values
  int64_t stride[2], dilation[2];           // rows, columns
  int64_t padding[4];                       // top, bottom, left, right
  int64_t output_padding[2];                // of a transposed convolution
  bool contiguous_input, contiguous_output; // layouts of a pointwise convolution
} fastconv_convolution;

// Convolves [N, C_i, H, W] inputs, whose channels are concatenated, with `weight` [C_out, sum of C_i, kernel
// rows, kernel columns] ([C_in, C_out, ...] if transposed). `residual` is [N, C_out, H_out, W_out] or null.
fastconv_tensor *fastconv_convolve(const fastconv_convolution *convolution,
    const fastconv_tensor *const *inputs, size_t input_count, const fastconv_tensor *weight,
    const fastconv_tensor *bias, const fastconv_tensor *residual, char **error);

// Planar spectrum [N, 2 C, H, W / 2 + 1] of [N, C, H, W]. `norm`: "backward", "ortho" or "forward".
fastconv_tensor *fastconv_rfft2(const fastconv_tensor *image, const char *norm, char **error);

// Image [N, C, sizes[0], sizes[1]] of a planar spectrum, plus `addend` unless it is null.
fastconv_tensor *fastconv_irfft2(const fastconv_tensor *spectrum, const int64_t sizes[2], const char *norm,
    const fastconv_tensor *addend, char **error);

#ifdef __cplusplus
}
#endif
