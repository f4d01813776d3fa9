#include "weights.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>

namespace fastconv::conv {
namespace {

// Output channels that are copied together: a cache line of the copy.
constexpr int64_t kOutputs = 16;
// Input channels that are copied for all output channels before the next ones, so that whole pages are
// written.
constexpr int64_t kInputs = 16;

at::Tensor reordered(const at::Tensor &former, const at::Tensor &order) {
  return former.defined() ? former.index_select(0, order) : order.contiguous();
}

const int64_t *indices(const at::Tensor &order) {
  return order.defined() ? order.const_data_ptr<int64_t>() : nullptr;
}

using Four = float __attribute__((vector_size(16)));
using Indices = int32_t __attribute__((vector_size(16)));

Four load(const float *from) {
  Four value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <int A, int B, int C, int D> Four shuffle(Four low, Four high) {
#if defined(__clang__)
  return __builtin_shufflevector(low, high, A, B, C, D);
#else
  return __builtin_shuffle(low, high, Indices{A, B, C, D});
#endif
}

// Positions of the weights of one input channel and one tap: of the first output channel.
struct Line {
  int64_t source, target;
};

bool are_adjacent(const std::vector<Line> &lines) {
  for (size_t k = 0; k < lines.size(); ++k) {
    if (lines[k].source != lines[0].source + static_cast<int64_t>(k)) {
      return false;
    }
  }
  return true;
}

// Four columns of four rows.
struct Columns {
  Four columns[4];
};

Columns transposed(const float *const *rows, int64_t offset) {
  const Four a = load(rows[0] + offset), b = load(rows[1] + offset);
  const Four c = load(rows[2] + offset), d = load(rows[3] + offset);
  const Four ab = shuffle<0, 4, 1, 5>(a, b), cd = shuffle<0, 4, 1, 5>(c, d);
  const Four ab_high = shuffle<2, 6, 3, 7>(a, b), cd_high = shuffle<2, 6, 3, 7>(c, d);
  return {{shuffle<0, 1, 4, 5>(ab, cd), shuffle<2, 3, 6, 7>(ab, cd), shuffle<0, 1, 4, 5>(ab_high, cd_high),
      shuffle<2, 3, 6, 7>(ab_high, cd_high)}};
}

} // namespace

at::Tensor WeightMemory::allocate(at::IntArrayRef sizes) {
  const size_t size = bytes(static_cast<size_t>(c10::multiply_integers(sizes)));
  const size_t begin = used_.fetch_add(size);
  if (begin + size > pages_->size()) {
    return at::empty(sizes, at::kFloat);
  }
  return at::from_blob(
      pages_->data() + begin, sizes, [pages = pages_](void *) {}, at::TensorOptions(at::kFloat));
}

void PendingWeights::scale(const at::Tensor &factors) {
  factors_.push_back(factors.to(at::kFloat).contiguous());
}

void PendingWeights::reorder_input(const at::Tensor &order) { input_order_ = reordered(input_order_, order); }

void PendingWeights::reorder_output(const at::Tensor &order) {
  output_order_ = reordered(output_order_, order);
  for (at::Tensor &factors : factors_) {
    factors = factors.index_select(0, order);
  }
}

void PendingWeights::write(float *to, int64_t channels, int64_t first) const {
  const int64_t in = channels_in(), out = channels_out();
  const int64_t *const inputs = indices(input_order_), *const outputs = indices(output_order_);
  const float *const from = weights_.const_data_ptr<float>();
  std::vector<const float *> factors;
  factors.reserve(factors_.size());
  for (const at::Tensor &tensor : factors_) {
    factors.push_back(tensor.const_data_ptr<float>());
  }
  std::vector<Line> lines;
  for (int64_t begin = 0; begin < in; begin += kInputs) {
    lines.clear();
    for (int64_t i = begin; i < std::min(begin + kInputs, in); ++i) {
      for (int64_t row = 0; row < weights_.size(0); ++row) {
        for (int64_t column = 0; column < weights_.size(1); ++column) {
          const int64_t source = row * weights_.stride(0) + column * weights_.stride(1) +
                                 (inputs == nullptr ? i : inputs[i]) * weights_.stride(2);
          const int64_t tap = row * weights_.size(1) + column;
          lines.push_back({source, (tap * channels + first + i) * out});
        }
      }
    }
    const size_t vectors = are_adjacent(lines) ? lines.size() / 4 * 4 : 0;
    for (int64_t o = 0; o < out; o += kOutputs) {
      const int64_t count = std::min(kOutputs, out - o);
      const float *sources[kOutputs];
      for (int64_t j = 0; j < count; ++j) {
        sources[j] = from + (outputs == nullptr ? o + j : outputs[o + j]) * weights_.stride(3);
      }
      const size_t copied = count == kOutputs ? vectors : 0;
      for (size_t k = 0; k < copied; k += 4) {
        const int64_t source = lines[k].source;
        float *const targets[] = {to + lines[k].target + o, to + lines[k + 1].target + o,
            to + lines[k + 2].target + o, to + lines[k + 3].target + o};
        for (int64_t j = 0; j < kOutputs; j += 4) {
          Columns values = transposed(sources + j, source);
          for (const float *const factor : factors) {
            const Four of_outputs = load(factor + o + j);
            for (Four &column : values.columns) {
              column *= of_outputs;
            }
          }
          for (size_t n = 0; n < 4; ++n) {
            std::memcpy(targets[n] + j, &values.columns[n], sizeof(Four));
          }
        }
      }
      for (size_t k = copied; k < lines.size(); ++k) {
        for (int64_t j = 0; j < count; ++j) {
          float value = sources[j][lines[k].source];
          for (const float *const factor : factors) {
            value *= factor[o + j];
          }
          to[lines[k].target + o + j] = value;
        }
      }
    }
  }
}

} // namespace fastconv::conv
