#include "fastconv.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include "../common/guarded.h"
#include "conv/bf16_conv.h"
#include "conv/bf16_kernels.h"
#include "conv/fourier.h"
#include "conv/gemm_conv.h"
#include "conv/kernels.h"
#include "conv/parallel.h"
#include "conv/pointwise.h"
#include "conv/winograd.h"
#include "graph/rewrite.h"

namespace {

using namespace fastconv;

static_assert(static_cast<int>(conv::PaddingMode::replicate) == FASTCONV_REPLICATE);
static_assert(static_cast<int>(conv::Activation::leaky_relu) == FASTCONV_LEAKY_RELU);
static_assert(static_cast<int>(conv::Residual::after_activation) == FASTCONV_RESIDUAL_AFTER_ACTIVATION);

const at::Tensor &tensor(const fastconv_tensor *opaque) {
  return *reinterpret_cast<const at::Tensor *>(opaque);
}

fastconv_tensor *release(at::Tensor result) {
  return reinterpret_cast<fastconv_tensor *>(new at::Tensor(std::move(result)));
}

conv::Geometry geometry_of(const fastconv_convolution &convolution, const at::Tensor &weight) {
  conv::Geometry geometry;
  geometry.rows = {weight.size(2), convolution.stride[0], convolution.dilation[0], convolution.padding[0],
      convolution.padding[1]};
  geometry.columns = {weight.size(3), convolution.stride[1], convolution.dilation[1], convolution.padding[2],
      convolution.padding[3]};
  geometry.padding_mode = static_cast<conv::PaddingMode>(convolution.padding_mode);
  return geometry;
}

conv::InputImage image_of(const at::Tensor &input, int64_t i) {
  const int64_t channels = input.size(1), height = input.size(2), width = input.size(3);
  return {input.const_data_ptr<float>() + i * channels * height * width, height, width, channels};
}

at::MemoryFormat format_of(bool contiguous) {
  return contiguous ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
}

// Runs one algorithm on each image of the batch, without the choices and checks of conv::Layer.
at::Tensor convolve(const fastconv_convolution &convolution, std::vector<at::Tensor> inputs,
    const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &residual) {
  const conv::Geometry geometry = geometry_of(convolution, weight);
  const bool bf16 =
      convolution.algorithm == FASTCONV_BF16 || convolution.algorithm == FASTCONV_BF16_TRANSPOSED;
  TORCH_CHECK(!bf16 || conv::bf16_kernels() != nullptr, "this processor has no registers for bfloat16");
  const bool transposed =
      convolution.algorithm == FASTCONV_TRANSPOSED || convolution.algorithm == FASTCONV_BF16_TRANSPOSED;
  const bool few_outputs = convolution.algorithm == FASTCONV_FEW_OUTPUTS;
  const bool contiguous = few_outputs || convolution.contiguous_output;
  const int64_t images = inputs[0].size(0), height = inputs[0].size(2), width = inputs[0].size(3);
  const int64_t channels = weight.size(transposed ? 1 : 0);
  const int64_t rows = transposed ? geometry.rows.transposed_output(height, convolution.output_padding[0])
                                  : geometry.rows.output(height);
  const int64_t columns = transposed
                              ? geometry.columns.transposed_output(width, convolution.output_padding[1])
                              : geometry.columns.output(width);
  for (at::Tensor &input : inputs) {
    input = input.contiguous(format_of(convolution.contiguous_input));
  }
  // Weights as conv::Layer::finalize stores them.
  at::Tensor weights = few_outputs  ? weight.permute({1, 2, 3, 0}).contiguous()
                       : transposed ? weight.permute({2, 3, 0, 1}).contiguous()
                                    : weight.permute({2, 3, 1, 0}).contiguous();
  if (bf16) {
    weights = conv::pack_bf16(weights, {geometry, transposed, weights.size(2), channels});
  }
  const at::Tensor aligned_residual =
      residual.defined() ? residual.contiguous(format_of(contiguous)) : at::Tensor();
  const std::vector<float> slopes(static_cast<size_t>(channels), convolution.slope);
  const conv::Epilogue epilogue{bias.const_data_ptr<float>(),
      static_cast<conv::Activation>(convolution.activation), slopes.data(),
      static_cast<conv::Residual>(convolution.residual),
      residual.defined() ? aligned_residual.const_data_ptr<float>() : nullptr};
  at::Tensor output = at::empty({images, channels, rows, columns}, at::kFloat, std::nullopt, at::kCPU,
      std::nullopt, format_of(contiguous));
  for (int64_t i = 0; i < images; ++i) {
    std::vector<conv::InputImage> sources;
    sources.reserve(inputs.size());
    for (const at::Tensor &input : inputs) {
      sources.push_back(image_of(input, i));
    }
    float *const data = output.mutable_data_ptr<float>() + i * channels * rows * columns;
    const conv::OutputImage target{data, rows, columns, channels};
    const conv::Epilogue shifted = epilogue.offset_by(i * channels * rows * columns);
    const float *const values = bf16 ? nullptr : weights.const_data_ptr<float>();
    switch (convolution.algorithm) {
    case FASTCONV_POINTWISE:
      conv::pointwise_conv({const_cast<float *>(sources[0].data), height * width, sources[0].channels,
                               convolution.contiguous_input},
          values, {data, height * width, channels, contiguous}, shifted, false);
      break;
    case FASTCONV_WINOGRAD:
      conv::winograd_conv(sources, geometry, values, target, shifted, false);
      break;
    case FASTCONV_IM2COL:
      conv::im2col_conv(sources, geometry, values, target, shifted, false);
      break;
    case FASTCONV_FEW_OUTPUTS:
      conv::few_outputs_conv(sources[0], geometry, values, data, channels, shifted);
      break;
    case FASTCONV_TRANSPOSED:
      conv::transposed_conv(sources[0], geometry, values, target, shifted);
      break;
    case FASTCONV_BF16:
    case FASTCONV_BF16_TRANSPOSED:
      conv::bf16_conv(sources, geometry, transposed, weights, target, shifted, false);
      break;
    default:
      TORCH_CHECK(false, "unknown algorithm ", convolution.algorithm);
    }
  }
  return output;
}

} // namespace

extern "C" {

bool fastconv_rewrite(fastconv_graph *graph, bool bf16, char **counts, char **error) {
  const auto rewrite = [&] {
    const bool supported = bf16 && conv::bf16_kernels() != nullptr;
    const auto precision = supported ? conv::Precision::bfloat16 : conv::Precision::float32;
    const std::string text =
        graph::rewrite(*reinterpret_cast<std::shared_ptr<torch::jit::Graph> *>(graph), precision).text();
    *counts = strdup(text.c_str());
    if (*counts == nullptr) {
      throw std::bad_alloc();
    }
  };
  return iopaint::guarded(error, rewrite) == iopaint::Failure::none;
}

bool fastconv_supports_bf16(void) {
  bool supported = false;
  iopaint::guarded(nullptr, [&] { supported = conv::bf16_kernels() != nullptr; });
  return supported;
}

const char *fastconv_instruction_set(void) {
  const char *name = "unknown";
  iopaint::guarded(nullptr, [&] { name = conv::instruction_set_name(); });
  return name;
}

int fastconv_loop_threads(void) {
  int threads = 0;
  iopaint::guarded(nullptr, [&] { threads = static_cast<int>(conv::team_threads()); });
  return threads;
}

fastconv_tensor *fastconv_convolve(const fastconv_convolution *convolution,
    const fastconv_tensor *const *inputs, size_t input_count, const fastconv_tensor *weight,
    const fastconv_tensor *bias, const fastconv_tensor *residual, char **error) {
  fastconv_tensor *result = nullptr;
  iopaint::guarded(error, [&] {
    const c10::InferenceMode inference;
    std::vector<at::Tensor> sources;
    sources.reserve(input_count);
    for (size_t i = 0; i < input_count; ++i) {
      sources.push_back(tensor(inputs[i]));
    }
    result = release(convolve(*convolution, std::move(sources), tensor(weight), tensor(bias),
        residual == nullptr ? at::Tensor() : tensor(residual)));
  });
  return result;
}

fastconv_tensor *fastconv_rfft2(const fastconv_tensor *image, const char *norm, char **error) {
  fastconv_tensor *result = nullptr;
  iopaint::guarded(error, [&] {
    const c10::InferenceMode inference;
    result = release(conv::rfft2(tensor(image), norm));
  });
  return result;
}

fastconv_tensor *fastconv_irfft2(const fastconv_tensor *spectrum, const int64_t sizes[2], const char *norm,
    const fastconv_tensor *addend, char **error) {
  fastconv_tensor *result = nullptr;
  iopaint::guarded(error, [&] {
    const c10::InferenceMode inference;
    result = release(conv::irfft2(
        tensor(spectrum), {sizes[0], sizes[1]}, norm, addend == nullptr ? at::Tensor() : tensor(addend)));
  });
  return result;
}
}
