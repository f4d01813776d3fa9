// Weights of a layer: changes to them are collected while the graph is rewritten and applied in one copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "../../common/huge_pages.h"

namespace fastconv::conv {

// Memory for the weights of many layers, which is freed with the last of them.
class WeightMemory {
public:
  explicit WeightMemory(size_t bytes) : pages_(std::make_shared<iopaint::HugePages>(bytes)) {}

  // Returns the bytes that a tensor of `floats` numbers takes.
  static size_t bytes(size_t floats) {
    return (floats * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  }

  // Returns an uninitialized tensor of floats, in memory of its own if none is left. Thread-safe.
  at::Tensor allocate(at::IntArrayRef sizes);

private:
  static constexpr size_t kAlignment = 64; // a cache line

  std::shared_ptr<const iopaint::HugePages> pages_;
  std::atomic<size_t> used_{0};
};

// The weights of one convolution, a tensor of the model with the changes to its copy.
class PendingWeights {
public:
  // `weights`: [kernel rows, kernel columns, channels in, channels out] with any strides.
  explicit PendingWeights(at::Tensor weights) : weights_(std::move(weights)) {}

  int64_t channels_in() const { return weights_.size(2); }
  int64_t channels_out() const { return weights_.size(3); }
  at::IntArrayRef sizes() const { return weights_.sizes(); }

  // Multiplies the weights of each output channel.
  void scale(const at::Tensor &factors);
  // Permutes the channels. `order`: the former index of each channel.
  void reorder_input(const at::Tensor &order);
  void reorder_output(const at::Tensor &order);

  // Writes the changed weights to `to`, [kernel rows, kernel columns, `channels`, channels out], from input
  // channel `first` on.
  void write(float *to, int64_t channels, int64_t first) const;

private:
  at::Tensor weights_;
  // Former indices of the channels; undefined: unchanged.
  at::Tensor input_order_, output_order_;
  // One factor per output channel each, in the order of their application.
  std::vector<at::Tensor> factors_;
};

} // namespace fastconv::conv
