#include "fourier_nodes.h"

#include <algorithm>
#include <vector>

#include <torch/csrc/jit/runtime/custom_operator.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "../conv/fourier.h"

namespace iopaint::graph {

const c10::Symbol kForward = c10::Symbol::fromQualString("iopaint::spectrum");
const c10::Symbol kChannels = c10::Symbol::fromQualString("iopaint::spectrum_channels");
const c10::Symbol kSize = c10::Symbol::fromQualString("iopaint::spectrum_size");
const c10::Symbol kInverse = c10::Symbol::fromQualString("iopaint::from_spectrum");

namespace {

using conv::Norm;
using torch::jit::Node;
using torch::jit::Stack;

Norm norm_of(const Node *node) { return node->hasAttribute(kNorm) ? Norm(node->s(kNorm)) : Norm(); }

std::vector<int64_t> sizes_of(const at::Tensor &spectrum, int64_t parts) {
  TORCH_CHECK(spectrum.dim() == 4, "a spectrum of four dimensions is expected, but it has ", spectrum.dim());
  std::vector<int64_t> sizes = spectrum.sizes().vec();
  sizes[1] /= 2;
  if (parts != together) {
    sizes.insert(parts == last ? sizes.end() : sizes.begin() + 2, 2);
  }
  return sizes;
}

// One size may be -1, as for `view`.
bool are_sizes(at::IntArrayRef asked, at::IntArrayRef sizes) {
  if (asked.size() != sizes.size() || std::count(asked.begin(), asked.end(), -1) > 1) {
    return false;
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (asked[i] != sizes[i] && asked[i] != -1) {
      return false;
    }
  }
  return true;
}

at::Tensor channels(const at::Tensor &spectrum, at::IntArrayRef sizes) {
  if (are_sizes(sizes, spectrum.sizes())) {
    return spectrum;
  }
  return conv::in_halves(conv::in_turns(spectrum).reshape(sizes));
}

at::Tensor image(const at::Tensor &given, at::IntArrayRef parts, const c10::IValue &asked, const at::Tensor &added,
    const Norm &norm) {
  at::Tensor spectrum = given;
  if (given.dim() != 4 || given.size(1) % 2 != 0 || !are_sizes(parts, sizes_of(given, after_channels))) {
    const at::Tensor view = conv::in_turns(given).reshape(parts);
    TORCH_CHECK(view.dim() == 5 && view.size(2) == 2, "real and imaginary parts are expected, but the shape is ", view.sizes());
    spectrum = conv::in_halves(view.reshape({view.size(0), 2 * view.size(1), view.size(3), view.size(4)}));
  }
  const int64_t height = spectrum.size(2), bins = spectrum.size(3);
  const std::vector<int64_t> sizes = asked.isNone() ? std::vector<int64_t>{height, 2 * (bins - 1)} : asked.toIntVector();
  return conv::from_spectrum(spectrum, sizes, norm, added);
}

torch::jit::Operation forward_operation(const Node *node) {
  return [norm = norm_of(node)](Stack &stack) {
    const at::Tensor given = torch::jit::pop(stack).toTensor();
    torch::jit::push(stack, conv::spectrum(given, norm));
  };
}

torch::jit::Operation channels_operation(const Node *) {
  return [](Stack &stack) {
    const std::vector<int64_t> sizes = torch::jit::pop(stack).toIntVector();
    const at::Tensor spectrum = torch::jit::pop(stack).toTensor();
    torch::jit::push(stack, channels(spectrum, sizes));
  };
}

torch::jit::Operation size_operation(const Node *node) {
  return [parts = node->i(kParts), one = node->inputs().size() == 2](Stack &stack) {
    const int64_t axis = one ? torch::jit::pop(stack).toInt() : 0;
    const std::vector<int64_t> sizes = sizes_of(torch::jit::pop(stack).toTensor(), parts);
    if (one) {
      const auto count = static_cast<int64_t>(sizes.size());
      TORCH_CHECK_INDEX(axis >= -count && axis < count, "a tensor of ", count, " dimensions has no dimension ", axis);
      torch::jit::push(stack, sizes[static_cast<size_t>(axis < 0 ? axis + count : axis)]);
    } else {
      torch::jit::push(stack, sizes);
    }
  };
}

torch::jit::Operation inverse_operation(const Node *node) {
  return [norm = norm_of(node), plain = node->hasAttribute(kPlain), adds = node->inputs().size() == 4](Stack &stack) {
    const at::Tensor added = adds ? torch::jit::pop(stack).toTensor() : at::Tensor();
    const c10::IValue asked = torch::jit::pop(stack);
    const std::vector<int64_t> parts = torch::jit::pop(stack).toIntVector();
    const at::Tensor result = image(torch::jit::pop(stack).toTensor(), parts, asked, added, norm);
    torch::jit::push(stack, plain ? result.contiguous() : result);
  };
}

const torch::jit::RegisterOperators fourier_registration({
    torch::jit::Operator(kForward, forward_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
    // Its answer may be what it was given; nothing is changed in place in a rewritten graph.
    torch::jit::Operator(kChannels, channels_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
    torch::jit::Operator(kSize, size_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
    torch::jit::Operator(kInverse, inverse_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
});

} // namespace
} // namespace iopaint::graph
