// One node of a rewritten graph: a sum of convolutions, a bias, an activation, a residual.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/custom_class.h>

#include "geometry.h"
#include "kernels.h"

namespace iopaint::conv {

// Convolutions of one geometry, over some of the layer's inputs.
struct Group {
  Geometry geometry;
  std::vector<size_t> inputs;
  // [kernel rows, kernel columns, channels in (of all inputs, one after another), channels out]
  at::Tensor taps;
};

// What libtorch calls `conv_transpose2d`.
struct Upsampling {
  bool transposed = false;
  int64_t more_rows = 0, more_columns = 0; // its `output_padding`
};

// How a layer is told to lay out what it answers. Both are the same tensor to whoever looks at shapes and values.
enum class Layout { channels_last, contiguous };

class Layer : public torch::CustomClassHolder {
public:
  Layer(Geometry geometry, const at::Tensor &taps, at::Tensor bias, Upsampling upsampling);

  int64_t channels_in(size_t input) const;
  int64_t channels_out() const { return bias_.size(0); }
  // Of the convolutions; a residual comes after them.
  size_t inputs() const;
  size_t arguments() const { return inputs() + (takes_residual() ? 0 : 1); }
  // Whether a batch norm that follows, or a sum with another layer, can still become part of this one.
  bool open() const { return takes_activation() && takes_residual(); }
  bool takes_activation() const { return activation_ == Activation::none; }
  bool takes_residual() const { return residual_ == Residual::none; }
  bool upsamples() const { return upsampling_.transposed; }
  bool uses_winograd() const;

  // The batch norm, with its statistics fixed, that follows this layer.
  void scale_and_shift(const at::Tensor &scale, const at::Tensor &shift);
  // The ReLU that follows this layer, or a leaky one of that slope left of zero.
  void activate(Activation activation, float slope = 0) {
    activation_ = activation;
    slope_ = slope;
    residual_ = residual_ == Residual::none ? Residual::none : Residual::before;
  }
  // An image that is added to this layer's result becomes its last input.
  void add_residual() { residual_ = Residual::after; }
  // The layer whose result is added to this one's; its inputs follow this one's.
  void add(const Layer &other);
  // Takes input `input` with its channels in another order, of which `order` tells where each is now.
  void reorder_input(size_t input, const at::Tensor &order);
  // The same for the channels of the result.
  void reorder_output(const at::Tensor &order);
  // No more changes: convolutions of one geometry become one.
  void seal(Layout layout);

  at::Tensor run(std::vector<at::Tensor> arguments) const;

private:
  struct Shape {
    int64_t height, width;
  };

  Shape output_shape(const Group &group, const at::Tensor &input) const;
  bool goes_to_planes() const;
  at::Tensor convolve(std::vector<at::Tensor> inputs, const at::Tensor &residual) const;
  void run_image(const std::vector<at::Tensor> &inputs, int64_t image, Epilogue epilogue, at::Tensor &output) const;
  at::Tensor activated(const at::Tensor &sum) const;
  at::Tensor run_apart(const std::vector<at::Tensor> &inputs) const;

  std::vector<Group> groups_;
  at::Tensor bias_;
  Upsampling upsampling_;
  Activation activation_ = Activation::none;
  float slope_ = 0;
  Residual residual_ = Residual::none;
  Layout layout_ = Layout::channels_last;
};

} // namespace iopaint::conv
