#include "layer.h"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/prelu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include "gemm_conv.h"
#include "pointwise.h"
#include "winograd.h"

namespace fastconv::conv {
namespace {

// With fewer tiles, the transform of the filters costs more than Winograd saves.
constexpr int64_t kMinWinogradTiles = 16;
// With more output channels, im2col is faster than shifted sums.
constexpr int64_t kMaxFewOutputs = 8;

Epilogue no_epilogue() { return {nullptr, Activation::none, nullptr}; }

bool is_channels_last(const at::Tensor &tensor) {
  return tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
}

InputImage image_of(const at::Tensor &tensor, int64_t image) {
  const int64_t channels = tensor.size(1), height = tensor.size(2), width = tensor.size(3);
  return {tensor.const_data_ptr<float>() + image * channels * height * width, height, width, channels};
}

// Returns true for convolutions by one matrix product, which reads and writes either layout.
bool runs_in_any_layout(const Branch &branch) {
  return branch.geometry.is_pointwise() && branch.inputs.size() == 1 && !branch.packed;
}

// Copies the weights of a branch's inputs, side by side, and releases the originals.
void copy_weights(Branch &branch, WeightMemory &memory) {
  std::vector<int64_t> sizes = branch.pending[0].sizes().vec();
  sizes[2] = 0;
  for (const PendingWeights &weights : branch.pending) {
    sizes[2] += weights.channels_in();
  }
  branch.channels_in = sizes[2];
  branch.weights = memory.allocate(sizes);
  int64_t first = 0;
  for (const PendingWeights &weights : branch.pending) {
    weights.write(branch.weights.mutable_data_ptr<float>(), branch.channels_in, first);
    first += weights.channels_in();
  }
  branch.pending.clear();
}

} // namespace

Layer::Layer(Geometry geometry, const at::Tensor &weights, at::Tensor bias, TransposedParams transposed)
    : bias_(std::move(bias)), transposed_(transposed) {
  branches_.push_back({geometry, {0}, {PendingWeights(weights)}, {}});
}

size_t Layer::inputs() const {
  size_t count = 0;
  for (const Branch &branch : branches_) {
    count += branch.inputs.size();
  }
  return count;
}

bool Layer::uses_winograd() const {
  if (transposed_.transposed || uses_few_outputs()) {
    return false;
  }
  for (const Branch &branch : branches_) {
    if (branch.geometry.supports_winograd() && !branch.packed) {
      return true;
    }
  }
  return false;
}

bool Layer::uses_bf16() const { return branches_[0].packed; }

void Layer::fuse_batch_norm(const at::Tensor &scale, const at::Tensor &shift) {
  for (Branch &branch : branches_) {
    branch.pending[0].scale(scale);
  }
  bias_.mul_(scale).add_(shift);
}

void Layer::fuse_sum(const Layer &other) {
  const size_t offset = inputs();
  for (Branch branch : other.branches_) {
    for (size_t &input : branch.inputs) {
      input += offset;
    }
    branches_.push_back(std::move(branch));
  }
  bias_.add_(other.bias_);
}

// Until `finalize`, each branch has one input.
int64_t Layer::channels_in(size_t input) const { return branches_[input].pending[0].channels_in(); }

void Layer::reorder_input(size_t input, const at::Tensor &order) {
  branches_[input].pending[0].reorder_input(order);
}

void Layer::reorder_output(const at::Tensor &order) {
  for (Branch &branch : branches_) {
    branch.pending[0].reorder_output(order);
  }
  bias_ = bias_.index_select(0, order);
  slopes_ = slopes_.defined() ? slopes_.index_select(0, order) : slopes_;
}

size_t Layer::weight_bytes() const {
  size_t sum = 0;
  for (const Branch &branch : branches_) {
    sum += WeightMemory::bytes(static_cast<size_t>(c10::multiply_integers(branch.pending[0].sizes())));
  }
  return sum;
}

void Layer::finalize(Layout layout, Precision precision, WeightMemory &memory) {
  layout_ = layout;
  std::vector<Branch> merged;
  for (Branch &branch : branches_) {
    Branch *same = nullptr;
    for (Branch &other : merged) {
      same = other.geometry == branch.geometry ? &other : same;
    }
    if (same == nullptr) {
      merged.push_back(std::move(branch));
      continue;
    }
    same->pending.push_back(std::move(branch.pending[0]));
    same->inputs.insert(same->inputs.end(), branch.inputs.begin(), branch.inputs.end());
  }
  // The epilogue belongs to the last branch; Winograd's output transform applies it without another pass over
  // memory.
  std::stable_partition(merged.begin(), merged.end(),
      [](const Branch &branch) { return !branch.geometry.supports_winograd(); });
  branches_ = std::move(merged);
  const bool packs = precision == Precision::bfloat16 && !uses_few_outputs();
  for (Branch &branch : branches_) {
    copy_weights(branch, memory);
    if (packs) {
      branch.weights = pack_bf16(branch.weights, bf16_shape(branch));
      branch.packed = true;
    }
  }
  if (uses_few_outputs()) {
    branches_[0].weights = branches_[0].weights.permute({2, 0, 1, 3}).contiguous();
  }
}

Bf16Shape Layer::bf16_shape(const Branch &branch) const {
  return {branch.geometry, transposed_.transposed, branch.channels_in, channels_out()};
}

// Returns true for a single convolution to few channels, computed by `few_outputs_conv`.
bool Layer::uses_few_outputs() const {
  const Geometry &geometry = branches_[0].geometry;
  return !transposed_.transposed && branches_.size() == 1 && branches_[0].inputs.size() == 1 &&
         !geometry.is_pointwise() && geometry.rows.stride == 1 && geometry.columns.stride == 1 &&
         channels_out() <= kMaxFewOutputs;
}

Layer::Shape Layer::output_shape(const Branch &branch, const at::Tensor &input) const {
  const Axis &rows = branch.geometry.rows, &columns = branch.geometry.columns;
  if (transposed_.transposed) {
    return {rows.transposed_output(input.size(2), transposed_.output_padding_rows),
        columns.transposed_output(input.size(3), transposed_.output_padding_columns)};
  }
  return {rows.output(input.size(2)), columns.output(input.size(3))};
}

at::Tensor Layer::run(std::vector<at::Tensor> arguments) const {
  at::Tensor residual;
  if (residual_ != Residual::none) {
    residual = std::move(arguments.back());
    arguments.pop_back();
  }
  return convolve(std::move(arguments), residual);
}

at::Tensor Layer::convolve(std::vector<at::Tensor> inputs, const at::Tensor &residual) const {
  bool same_size = true;
  Shape shape{0, 0};
  for (const Branch &branch : branches_) {
    const Geometry &geometry = branch.geometry;
    for (const size_t i : branch.inputs) {
      const at::Tensor &input = inputs[i];
      TORCH_CHECK(input.dim() == 4 && input.scalar_type() == at::kFloat && input.is_cpu(),
          "a convolution requires float32 tensors on the CPU, but got ", input.toString(), " of shape ",
          input.sizes());
      if (geometry.padding_mode == PaddingMode::reflect) {
        TORCH_CHECK(std::max(geometry.rows.pad_before, geometry.rows.pad_after) < input.size(2) &&
                        std::max(geometry.columns.pad_before, geometry.columns.pad_after) < input.size(3),
            "reflection padding must be less than the image size, but the input has shape ", input.sizes());
      }
      const Shape other = output_shape(branch, input);
      TORCH_CHECK(other.height > 0 && other.width > 0 && input.numel() > 0, "an input of shape ",
          input.sizes(), " is too small for a convolution");
      const bool first = i == branches_[0].inputs[0];
      same_size = same_size && (first || (other.height == shape.height && other.width == shape.width &&
                                             input.size(0) == inputs[branches_[0].inputs[0]].size(0)));
      shape = first ? other : shape;
    }
  }
  if (!same_size) {
    const at::Tensor sum = run_broadcast(inputs);
    return residual_ == Residual::before_activation ? activate(sum + residual)
           : residual.defined()                     ? activate(sum) + residual
                                                    : activate(sum);
  }

  bool pointwise_only = true;
  for (const Branch &branch : branches_) {
    int64_t channels = 0;
    for (const size_t i : branch.inputs) {
      channels += inputs[i].size(1);
    }
    TORCH_CHECK(channels == branch.channels_in, "a convolution requires ", branch.channels_in,
        " channels, but got ", channels);
    pointwise_only = pointwise_only && runs_in_any_layout(branch);
  }
  const bool contiguous =
      uses_few_outputs() || (pointwise_only && !transposed_.transposed && layout_ == Layout::contiguous);
  const int64_t images = inputs[branches_[0].inputs[0]].size(0);
  at::Tensor output = at::empty({images, channels_out(), shape.height, shape.width}, at::kFloat, std::nullopt,
      at::kCPU, std::nullopt, contiguous ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast);

  for (const Branch &branch : branches_) {
    for (const size_t i : branch.inputs) {
      const bool any_layout = runs_in_any_layout(branch) && !transposed_.transposed;
      if (!any_layout || !inputs[i].is_contiguous()) {
        inputs[i] = inputs[i].contiguous(at::MemoryFormat::ChannelsLast);
      }
    }
  }
  Epilogue epilogue{bias_.const_data_ptr<float>(), activation_,
      slopes_.defined() ? slopes_.const_data_ptr<float>() : nullptr};
  at::Tensor aligned_residual; // keeps the memory alive
  const bool matches_output = residual.defined() && residual.scalar_type() == at::kFloat &&
                              residual.is_cpu() && residual.sizes() == output.sizes();
  if (matches_output) {
    aligned_residual =
        residual.contiguous(contiguous ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast);
    epilogue.residual = residual_;
    epilogue.residual_data = aligned_residual.const_data_ptr<float>();
  } else if (residual_ == Residual::before_activation) {
    epilogue.activation = Activation::none;
  }
  for (int64_t image = 0; image < images; ++image) {
    run_image(inputs, image, epilogue.offset_by(image * channels_out() * shape.height * shape.width), output);
  }
  if (residual.defined() && !matches_output) {
    output = output + residual;
    output = residual_ == Residual::before_activation ? activate(output) : output;
  }
  return layout_ == Layout::contiguous ? output.contiguous() : output;
}

void Layer::run_image(
    const std::vector<at::Tensor> &inputs, int64_t image, Epilogue epilogue, at::Tensor &output) const {
  const int64_t height = output.size(2), width = output.size(3), channels = channels_out();
  float *const data = output.mutable_data_ptr<float>() + image * channels * height * width;
  const OutputImage pixels{data, height, width, channels};
  if (uses_few_outputs()) {
    few_outputs_conv(image_of(inputs[branches_[0].inputs[0]], image), branches_[0].geometry,
        branches_[0].weights.const_data_ptr<float>(), data, channels, epilogue);
    return;
  }
  if (transposed_.transposed && !branches_[0].packed) {
    transposed_conv(image_of(inputs[branches_[0].inputs[0]], image), branches_[0].geometry,
        branches_[0].weights.const_data_ptr<float>(), pixels, epilogue);
    return;
  }
  for (size_t i = 0; i < branches_.size(); ++i) {
    const Branch &branch = branches_[i];
    const bool accumulate = i > 0;
    const Epilogue branch_epilogue = i + 1 == branches_.size() ? epilogue : no_epilogue();
    std::vector<InputImage> images;
    images.reserve(branch.inputs.size());
    for (const size_t input : branch.inputs) {
      images.push_back(image_of(inputs[input], image));
    }
    if (branch.packed) {
      bf16_conv(images, branch.geometry, transposed_.transposed, branch.weights, pixels, branch_epilogue,
          accumulate);
      continue;
    }
    const float *const weights = branch.weights.const_data_ptr<float>();
    if (branch.geometry.is_pointwise() && images.size() == 1) {
      const at::Tensor &input = inputs[branch.inputs[0]];
      const bool contiguous_input = !is_channels_last(input);
      const bool contiguous_output = !is_channels_last(output);
      pointwise_conv({const_cast<float *>(images[0].data), height * width, input.size(1), contiguous_input},
          weights, {data, height * width, channels, contiguous_output}, branch_epilogue, accumulate);
    } else if (branch.geometry.supports_winograd() && winograd_tiles(height, width) >= kMinWinogradTiles) {
      winograd_conv(images, branch.geometry, weights, pixels, branch_epilogue, accumulate);
    } else {
      im2col_conv(images, branch.geometry, weights, pixels, branch_epilogue, accumulate);
    }
  }
}

// Computes branches whose results differ in size: each convolution separately, then a broadcasting sum, then
// the bias.
at::Tensor Layer::run_broadcast(const std::vector<at::Tensor> &inputs) const {
  at::Tensor sum;
  for (const Branch &branch : branches_) {
    const at::Tensor weights =
        branch.packed ? unpack_bf16(branch.weights, bf16_shape(branch)) : branch.weights;
    int64_t first_channel = 0;
    for (const size_t i : branch.inputs) {
      const int64_t channels = inputs[i].size(1);
      Layer single(branch.geometry, weights.narrow(2, first_channel, channels), at::zeros_like(bias_), {});
      WeightMemory none(0);
      single.finalize(layout_, branch.packed ? Precision::bfloat16 : Precision::float32, none);
      at::Tensor part = single.run({inputs[i]});
      sum = sum.defined() ? sum + part : part;
      first_channel += channels;
    }
  }
  return sum + bias_.view({1, -1, 1, 1});
}

at::Tensor Layer::activate(const at::Tensor &sum) const {
  switch (activation_) {
  case Activation::none:
    return sum;
  case Activation::relu:
    return at::relu(sum);
  case Activation::leaky_relu:
    return at::prelu(sum, slopes_);
  }
  return sum;
}

} // namespace fastconv::conv
