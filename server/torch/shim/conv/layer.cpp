#include "layer.h"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include "matmul_conv.h"
#include "pointwise.h"
#include "winograd.h"

namespace iopaint::conv {
namespace {

// Below this, taking the filters to Winograd's domain costs more than it saves.
constexpr int64_t kFewTiles = 16;
// Above this, products for single channels are laid out in vain.
constexpr int64_t kFewChannels = 8;

Epilogue no_epilogue() { return {nullptr, Activation::none, 0}; }

bool is_channels_last(const at::Tensor &tensor) { return tensor.is_contiguous(at::MemoryFormat::ChannelsLast); }

Input image_of(const at::Tensor &tensor, int64_t image) {
  const int64_t channels = tensor.size(1), height = tensor.size(2), width = tensor.size(3);
  return {tensor.const_data_ptr<float>() + image * channels * height * width, height, width, channels};
}

} // namespace

Layer::Layer(Geometry geometry, const at::Tensor &taps, at::Tensor bias, Upsampling upsampling)
    : bias_(std::move(bias)), upsampling_(upsampling) {
  groups_.push_back({geometry, {0}, taps});
}

size_t Layer::inputs() const {
  size_t count = 0;
  for (const Group &group : groups_) {
    count += group.inputs.size();
  }
  return count;
}

bool Layer::uses_winograd() const {
  if (upsampling_.transposed || goes_to_planes()) {
    return false;
  }
  for (const Group &group : groups_) {
    if (group.geometry.suits_winograd()) {
      return true;
    }
  }
  return false;
}

void Layer::scale_and_shift(const at::Tensor &scale, const at::Tensor &shift) {
  for (Group &group : groups_) {
    group.taps.mul_(scale);
  }
  bias_.mul_(scale).add_(shift);
}

void Layer::add(const Layer &other) {
  const size_t offset = inputs();
  for (Group group : other.groups_) {
    for (size_t &input : group.inputs) {
      input += offset;
    }
    groups_.push_back(std::move(group));
  }
  bias_.add_(other.bias_);
}

// Before it is sealed, a group has one input.
int64_t Layer::channels_in(size_t input) const { return groups_[input].taps.size(2); }

void Layer::reorder_input(size_t input, const at::Tensor &order) {
  groups_[input].taps = groups_[input].taps.index_select(2, order);
}

void Layer::reorder_output(const at::Tensor &order) {
  for (Group &group : groups_) {
    group.taps = group.taps.index_select(3, order);
  }
  bias_ = bias_.index_select(0, order);
}

void Layer::seal(Layout layout) {
  layout_ = layout;
  std::vector<Group> merged;
  for (Group &group : groups_) {
    Group *same = nullptr;
    for (Group &other : merged) {
      same = other.geometry == group.geometry ? &other : same;
    }
    if (same == nullptr) {
      merged.push_back(std::move(group));
      continue;
    }
    same->taps = at::cat({same->taps, group.taps}, 2);
    same->inputs.insert(same->inputs.end(), group.inputs.begin(), group.inputs.end());
  }
  // Winograd's output transform takes the epilogue in, so such a group comes last.
  std::stable_partition(
      merged.begin(), merged.end(), [](const Group &group) { return !group.geometry.suits_winograd(); });
  groups_ = std::move(merged);
  if (goes_to_planes()) {
    groups_[0].taps = groups_[0].taps.permute({2, 0, 1, 3}).contiguous();
  }
}

// Whether this is one convolution to few channels, which is done by `few_outputs`.
bool Layer::goes_to_planes() const {
  const Geometry &geometry = groups_[0].geometry;
  return !upsampling_.transposed && groups_.size() == 1 && groups_[0].inputs.size() == 1 && !geometry.pointwise() &&
         geometry.rows.stride == 1 && geometry.columns.stride == 1 && channels_out() <= kFewChannels;
}

Layer::Shape Layer::output_shape(const Group &group, const at::Tensor &input) const {
  const Axis &rows = group.geometry.rows, &columns = group.geometry.columns;
  if (upsampling_.transposed) {
    const auto larger = [](const Axis &axis, int64_t size, int64_t more) {
      return (size - 1) * axis.stride - axis.pad_before - axis.pad_after + axis.dilation * (axis.kernel - 1) + more + 1;
    };
    return {larger(rows, input.size(2), upsampling_.more_rows), larger(columns, input.size(3), upsampling_.more_columns)};
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
  bool together = true;
  Shape shape{0, 0};
  for (const Group &group : groups_) {
    const Geometry &geometry = group.geometry;
    for (const size_t i : group.inputs) {
      const at::Tensor &input = inputs[i];
      TORCH_CHECK(input.dim() == 4 && input.scalar_type() == at::kFloat && input.is_cpu(),
          "a convolution expects float32 images on the CPU, but got ", input.toString(), " of shape ", input.sizes());
      if (geometry.border == Border::reflect) {
        TORCH_CHECK(std::max(geometry.rows.pad_before, geometry.rows.pad_after) < input.size(2) &&
                        std::max(geometry.columns.pad_before, geometry.columns.pad_after) < input.size(3),
            "reflection padding should be less than the image, which is of shape ", input.sizes());
      }
      const Shape other = output_shape(group, input);
      TORCH_CHECK(other.height > 0 && other.width > 0 && input.numel() > 0,
          "an image of shape ", input.sizes(), " is too small for a convolution");
      const bool first = i == groups_[0].inputs[0];
      together = together && (first || (other.height == shape.height && other.width == shape.width &&
                                           input.size(0) == inputs[groups_[0].inputs[0]].size(0)));
      shape = first ? other : shape;
    }
  }
  if (!together) {
    const at::Tensor sum = run_apart(inputs);
    return residual_ == Residual::before ? activated(sum + residual)
           : residual.defined()          ? activated(sum) + residual
                                         : activated(sum);
  }

  bool pointwise_only = true;
  for (const Group &group : groups_) {
    int64_t channels = 0;
    for (const size_t i : group.inputs) {
      channels += inputs[i].size(1);
    }
    TORCH_CHECK(channels == group.taps.size(goes_to_planes() ? 0 : 2), "a convolution expects ",
        group.taps.size(goes_to_planes() ? 0 : 2), " channels, but got ", channels);
    pointwise_only = pointwise_only && group.geometry.pointwise() && group.inputs.size() == 1;
  }
  const bool planar = goes_to_planes() || (pointwise_only && !upsampling_.transposed && layout_ == Layout::contiguous);
  const int64_t images = inputs[groups_[0].inputs[0]].size(0);
  at::Tensor output = at::empty({images, channels_out(), shape.height, shape.width}, at::kFloat, std::nullopt, at::kCPU,
      std::nullopt, planar ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast);

  for (const Group &group : groups_) {
    for (const size_t i : group.inputs) {
      const bool any_layout = group.geometry.pointwise() && !upsampling_.transposed && group.inputs.size() == 1;
      if (!any_layout || !inputs[i].is_contiguous()) {
        inputs[i] = inputs[i].contiguous(at::MemoryFormat::ChannelsLast);
      }
    }
  }
  Epilogue epilogue{bias_.const_data_ptr<float>(), activation_, slope_};
  at::Tensor added;
  const bool fits = residual.defined() && residual.scalar_type() == at::kFloat && residual.is_cpu() &&
                    residual.sizes() == output.sizes();
  if (fits) {
    added = residual.contiguous(planar ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast);
    epilogue.residual = residual_;
    epilogue.added = added.const_data_ptr<float>();
  } else if (residual_ == Residual::before) {
    epilogue.activation = Activation::none;
  }
  for (int64_t image = 0; image < images; ++image) {
    run_image(inputs, image, epilogue.from(image * channels_out() * shape.height * shape.width), output);
  }
  if (residual.defined() && !fits) {
    output = output + residual;
    output = residual_ == Residual::before ? activated(output) : output;
  }
  return layout_ == Layout::contiguous ? output.contiguous() : output;
}

void Layer::run_image(
    const std::vector<at::Tensor> &inputs, int64_t image, Epilogue epilogue, at::Tensor &output) const {
  const int64_t height = output.size(2), width = output.size(3), channels = channels_out();
  float *const data = output.mutable_data_ptr<float>() + image * channels * height * width;
  const Output pixels{data, height, width, channels};
  if (goes_to_planes()) {
    few_outputs(image_of(inputs[groups_[0].inputs[0]], image), groups_[0].geometry,
        groups_[0].taps.const_data_ptr<float>(), data, channels, epilogue);
    return;
  }
  if (upsampling_.transposed) {
    transposed(image_of(inputs[groups_[0].inputs[0]], image), groups_[0].geometry,
        groups_[0].taps.const_data_ptr<float>(), pixels, epilogue);
    return;
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    const Group &group = groups_[i];
    const bool accumulate = i > 0;
    const Epilogue after = i + 1 == groups_.size() ? epilogue : no_epilogue();
    const float *const taps = group.taps.const_data_ptr<float>();
    std::vector<Input> images;
    for (const size_t input : group.inputs) {
      images.push_back(image_of(inputs[input], image));
    }
    if (group.geometry.pointwise() && images.size() == 1) {
      const at::Tensor &input = inputs[group.inputs[0]];
      const bool from_planes = !is_channels_last(input);
      const bool to_planes = !is_channels_last(output);
      pointwise({const_cast<float *>(images[0].data), height * width, input.size(1), from_planes}, taps,
          {data, height * width, channels, to_planes}, after, accumulate);
    } else if (group.geometry.suits_winograd() && winograd_tiles(height, width) >= kFewTiles) {
      winograd(images, group.geometry, taps, pixels, after, accumulate);
    } else {
      patches(images, group.geometry, taps, pixels, after, accumulate);
    }
  }
}

// Sizes that differ are broadcast, as an addition does it: each convolution by itself, then the sum and the bias.
at::Tensor Layer::run_apart(const std::vector<at::Tensor> &inputs) const {
  at::Tensor sum;
  for (const Group &group : groups_) {
    int64_t from = 0;
    for (const size_t i : group.inputs) {
      const int64_t channels = inputs[i].size(1);
      Layer single(group.geometry, group.taps.narrow(2, from, channels).contiguous(), at::zeros_like(bias_), {});
      single.seal(layout_);
      at::Tensor part = single.run({inputs[i]});
      sum = sum.defined() ? sum + part : part;
      from += channels;
    }
  }
  return sum + bias_.view({1, -1, 1, 1});
}

at::Tensor Layer::activated(const at::Tensor &sum) const {
  switch (activation_) {
  case Activation::none:
    return sum;
  case Activation::relu:
    return at::relu(sum);
  case Activation::leaky:
    return at::leaky_relu(sum, slope_);
  }
  return sum;
}

} // namespace iopaint::conv
