#include "fourier_nodes.h"

#include <algorithm>
#include <vector>

#include <torch/csrc/jit/runtime/custom_operator.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "../conv/fourier.h"

namespace fastconv::graph {

const c10::Symbol kRfft2 = c10::Symbol::fromQualString("fastconv::rfft2");
const c10::Symbol kSpectrumView = c10::Symbol::fromQualString("fastconv::spectrum_view");
const c10::Symbol kSpectrumSize = c10::Symbol::fromQualString("fastconv::spectrum_size");
const c10::Symbol kIrfft2 = c10::Symbol::fromQualString("fastconv::irfft2");

namespace {

using conv::FftNorm;
using torch::jit::Node;
using torch::jit::Stack;

FftNorm norm_of(const Node *node) { return node->hasAttribute(kNorm) ? FftNorm(node->s(kNorm)) : FftNorm(); }

// Returns the sizes of the tensor in the original graph that a planar spectrum replaces.
std::vector<int64_t> original_sizes(const at::Tensor &spectrum, int64_t layout) {
  TORCH_CHECK(spectrum.dim() == 4, "a spectrum must have four dimensions, but has ", spectrum.dim());
  std::vector<int64_t> sizes = spectrum.sizes().vec();
  sizes[1] /= 2;
  if (layout != complex_dtype) {
    sizes.insert(layout == parts_last ? sizes.end() : sizes.begin() + 2, 2);
  }
  return sizes;
}

// Compares sizes with arguments of `view`, one of which may be -1.
bool match_sizes(at::IntArrayRef requested, at::IntArrayRef sizes) {
  if (requested.size() != sizes.size() || std::count(requested.begin(), requested.end(), -1) > 1) {
    return false;
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (requested[i] != sizes[i] && requested[i] != -1) {
      return false;
    }
  }
  return true;
}

// Returns the planar counterpart of a view with these sizes of the interleaved channels; the spectrum itself
// if the view only merges real and imaginary parts with the channels.
at::Tensor view_spectrum(const at::Tensor &spectrum, at::IntArrayRef sizes) {
  if (match_sizes(sizes, spectrum.sizes())) {
    return spectrum;
  }
  return conv::to_planar(conv::to_interleaved(spectrum).reshape(sizes));
}

// Returns the image of a layer's planar channels. `view_sizes`: the view of the original graph that splits
// channels into real and imaginary parts. If it does anything else, it is applied to interleaved channels.
at::Tensor inverse_image(const at::Tensor &input, at::IntArrayRef view_sizes, const c10::IValue &image_sizes,
    const at::Tensor &addend, const FftNorm &norm) {
  at::Tensor spectrum = input;
  if (input.dim() != 4 || input.size(1) % 2 != 0 ||
      !match_sizes(view_sizes, original_sizes(input, parts_after_channels))) {
    const at::Tensor view = conv::to_interleaved(input).reshape(view_sizes);
    TORCH_CHECK(view.dim() == 5 && view.size(2) == 2,
        "expected a tensor [N, C, 2, H, W] of real and imaginary parts, but its shape is ", view.sizes());
    spectrum = conv::to_planar(view.reshape({view.size(0), 2 * view.size(1), view.size(3), view.size(4)}));
  }
  const int64_t height = spectrum.size(2), bins = spectrum.size(3);
  const std::vector<int64_t> sizes =
      image_sizes.isNone() ? std::vector<int64_t>{height, 2 * (bins - 1)} : image_sizes.toIntVector();
  return conv::irfft2(spectrum, sizes, norm, addend);
}

torch::jit::Operation forward_operation(const Node *node) {
  return [norm = norm_of(node)](Stack &stack) {
    const at::Tensor input = torch::jit::pop(stack).toTensor();
    torch::jit::push(stack, conv::rfft2(input, norm));
  };
}

torch::jit::Operation view_operation(const Node *) {
  return [](Stack &stack) {
    const std::vector<int64_t> sizes = torch::jit::pop(stack).toIntVector();
    const at::Tensor spectrum = torch::jit::pop(stack).toTensor();
    torch::jit::push(stack, view_spectrum(spectrum, sizes));
  };
}

torch::jit::Operation size_operation(const Node *node) {
  return [layout = node->i(kComplexLayout), single = node->inputs().size() == 2](Stack &stack) {
    const int64_t axis = single ? torch::jit::pop(stack).toInt() : 0;
    const std::vector<int64_t> sizes = original_sizes(torch::jit::pop(stack).toTensor(), layout);
    if (single) {
      const auto count = static_cast<int64_t>(sizes.size());
      TORCH_CHECK_INDEX(axis >= -count && axis < count, "dimension ", axis,
          " is out of range for a tensor of ", count, " dimensions");
      torch::jit::push(stack, sizes[static_cast<size_t>(axis < 0 ? axis + count : axis)]);
    } else {
      torch::jit::push(stack, sizes);
    }
  };
}

torch::jit::Operation inverse_operation(const Node *node) {
  return [norm = norm_of(node), contiguous = node->hasAttribute(kContiguous),
             adds = node->inputs().size() == 4](Stack &stack) {
    const at::Tensor addend = adds ? torch::jit::pop(stack).toTensor() : at::Tensor();
    const c10::IValue image_sizes = torch::jit::pop(stack);
    const std::vector<int64_t> view_sizes = torch::jit::pop(stack).toIntVector();
    const at::Tensor result =
        inverse_image(torch::jit::pop(stack).toTensor(), view_sizes, image_sizes, addend, norm);
    torch::jit::push(stack, contiguous ? result.contiguous() : result);
  };
}

const torch::jit::RegisterOperators fourier_registration({
    torch::jit::Operator(kRfft2, forward_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
    // May return its input: a rewritten graph has no in-place operators.
    torch::jit::Operator(kSpectrumView, view_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
    torch::jit::Operator(kSpectrumSize, size_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
    torch::jit::Operator(kIrfft2, inverse_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
});

} // namespace
} // namespace fastconv::graph
