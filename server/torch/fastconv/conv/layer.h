// A fused node of a rewritten graph: activation(sum of convolutions + bias [+ residual]) [+ residual].
#pragma once

#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/custom_class.h>

#include "bf16_conv.h"
#include "geometry.h"
#include "kernels.h"
#include "weights.h"

namespace fastconv::conv {

// Convolutions of one geometry over some of the layer's inputs, whose channels are concatenated.
struct Branch {
  Geometry geometry;
  std::vector<size_t> inputs;
  // The weights of each input, until Layer::finalize.
  std::vector<PendingWeights> pending;
  // [kernel rows, kernel columns, channels in, channels out], or as the algorithm requires; set by
  // Layer::finalize.
  at::Tensor weights;
  // True if the weights are packed for `bf16_conv`.
  bool packed = false;
  // Channels of all inputs; set by Layer::finalize.
  int64_t channels_in = 0;
};

// Parameters that only `conv_transpose2d` has.
struct TransposedParams {
  bool transposed = false;
  int64_t output_padding_rows = 0, output_padding_columns = 0;
};

// Number format of a layer's products. Sums, and images between layers, are float32.
enum class Precision { float32, bfloat16 };

// Memory layout of a layer's result. Shape and values don't depend on it.
enum class Layout { channels_last, contiguous };

class Layer : public torch::CustomClassHolder {
public:
  // `weights`: [kernel rows, kernel columns, channels in, channels out]. They may share the memory of a
  // model, which isn't changed.
  Layer(Geometry geometry, const at::Tensor &weights, at::Tensor bias, TransposedParams transposed);

  int64_t channels_in(size_t input) const;
  int64_t channels_out() const { return bias_.size(0); }
  // Returns the number of convolution inputs.
  size_t inputs() const;
  // Returns the number of arguments of `run`: the convolution inputs, then the residual if there is one.
  size_t arguments() const { return inputs() + (can_fuse_residual() ? 0 : 1); }
  // Returns true if a following batch norm, or a sum with another layer, can be fused.
  bool is_fusable() const { return can_fuse_activation() && can_fuse_residual(); }
  bool can_fuse_activation() const { return activation_ == Activation::none; }
  bool can_fuse_residual() const { return residual_ == Residual::none; }
  bool is_transposed() const { return transposed_.transposed; }
  bool uses_winograd() const;
  bool uses_bf16() const;

  // Fuses a following batch norm with fixed statistics.
  void fuse_batch_norm(const at::Tensor &scale, const at::Tensor &shift);
  // Fuses a following ReLU, or a leaky one with the given slope for negative values of each output channel.
  void fuse_activation(Activation activation, at::Tensor slopes = {}) {
    activation_ = activation;
    slopes_ = std::move(slopes);
    residual_ = residual_ == Residual::none ? Residual::none : Residual::before_activation;
  }
  // Fuses the addition of an image, which becomes the last argument.
  void fuse_residual() { residual_ = Residual::after_activation; }
  // Fuses the addition of another layer's result; the other layer's inputs follow this layer's.
  void fuse_sum(const Layer &other);
  // Permutes the weights for reordered input channels. `order`: the former index of each channel.
  void reorder_input(size_t input, const at::Tensor &order);
  // Permutes the weights so that output channels are reordered likewise.
  void reorder_output(const at::Tensor &order);
  // Returns the bytes that `finalize` takes of a `WeightMemory`.
  size_t weight_bytes() const;
  // Ends fusing: merges convolutions of equal geometry and copies the weights to `memory` as their algorithm
  // requires. `Precision::bfloat16` requires `bf16_kernels()`; layers with few outputs stay float32.
  void finalize(Layout layout, Precision precision, WeightMemory &memory);

  at::Tensor run(std::vector<at::Tensor> arguments) const;

private:
  struct Shape {
    int64_t height, width;
  };

  Shape output_shape(const Branch &branch, const at::Tensor &input) const;
  bool uses_few_outputs() const;
  Bf16Shape bf16_shape(const Branch &branch) const;
  at::Tensor convolve(std::vector<at::Tensor> inputs, const at::Tensor &residual) const;
  void run_image(
      const std::vector<at::Tensor> &inputs, int64_t image, Epilogue epilogue, at::Tensor &output) const;
  at::Tensor activate(const at::Tensor &sum) const;
  at::Tensor run_broadcast(const std::vector<at::Tensor> &inputs) const;

  std::vector<Branch> branches_;
  at::Tensor bias_;
  TransposedParams transposed_;
  Activation activation_ = Activation::none;
  at::Tensor slopes_;
  Residual residual_ = Residual::none;
  Layout layout_ = Layout::channels_last;
};

} // namespace fastconv::conv
