#include "bf16_conv.h"

#include <algorithm>

#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>

#include "bf16_kernels.h"
#include "parallel.h"

namespace fastconv::conv {

const Bf16Kernels *bf16_kernels() {
#if defined(__x86_64__)
  // Every processor with matrix registers multiplies bfloat16 in them. `init_amx` requests the registers from
  // the kernel, once per process.
  static const bool supported = at::get_cpu_capability() == "AVX512" && at::cpu::is_avx512_bf16_supported() &&
                                at::cpu::is_amx_tile_supported() && at::cpu::init_amx();
  return supported ? &amx_kernels : nullptr;
#else
  return nullptr;
#endif
}

namespace {

// Values of a strip's rounded inputs: 896 KiB, so that they and the weights of a block stay in a core's L2.
constexpr int64_t kBf16StripValues = 448 << 10;
// Minimum rows of a strip: each strip reads all weights, and rounds the rows that it shares with the next.
constexpr int64_t kBf16MinRows = 4;
// Pixels of a row of a 1x1 convolution, which has no need for the image's own rows.
constexpr int64_t kBf16RowPixels = 64;

int64_t steps_of(int64_t values) { return (values + kDepthStep - 1) / kDepthStep; }

// How the products of a convolution are divided into segments.
struct Segmentation {
  int64_t kernel_columns, segments, values, steps;

  explicit Segmentation(const Bf16Shape &shape) {
    const Axis &rows = shape.geometry.rows, &columns = shape.geometry.columns;
    // The inputs of a kernel row are adjacent: one segment.
    const bool merged = !shape.transposed && columns.dilation == 1;
    kernel_columns = merged ? 1 : columns.kernel;
    segments = rows.kernel * kernel_columns;
    values = shape.channels_in * (merged ? columns.kernel : 1);
    steps = steps_of(values);
  }
};

// One position of a kernel: its index, and the offset of its input from an output's first one.
struct Tap {
  int64_t index, offset;
};

// Outputs `first`, `first + step`, ... (`count` of them), which have the same taps: all outputs of a
// convolution, or a residue class of a transposed one.
struct Phase {
  int64_t first, step, count;
  std::vector<Tap> taps;
};

// An axis of the padded inputs.
struct PaddedAxis {
  // The input's index of each padded index, or kZeroPadding.
  std::vector<int64_t> sources;
  // Padded indices between the inputs of adjacent outputs of a phase.
  int64_t step = 1;
  // Padded indices from an output's first input to its last.
  int64_t reach = 0;
  std::vector<Phase> phases;

  int64_t size() const { return static_cast<int64_t>(sources.size()); }
};

PaddedAxis convolution_axis(const Axis &axis, PaddingMode mode, int64_t input, int64_t output, bool merged) {
  PaddedAxis padded;
  padded.sources = padded_indices(axis, mode, input);
  padded.step = axis.stride;
  padded.reach = (axis.kernel - 1) * axis.dilation;
  Phase phase{0, 1, output, {}};
  for (int64_t i = 0; i < (merged ? 1 : axis.kernel); ++i) {
    phase.taps.push_back({i, i * axis.dilation});
  }
  padded.phases.push_back(std::move(phase));
  return padded;
}

// Output o gets products of input p at kernel index k if o = p * stride - pad_before + k * dilation.
PaddedAxis transposed_axis(const Axis &axis, int64_t input, int64_t output) {
  PaddedAxis padded;
  int64_t lowest = 0, highest = 0;
  for (int64_t residue = 0; residue < std::min(axis.stride, output); ++residue) {
    Phase phase{residue, axis.stride, (output - residue + axis.stride - 1) / axis.stride, {}};
    for (int64_t k = 0; k < axis.kernel; ++k) {
      const int64_t distance = residue + axis.pad_before - k * axis.dilation;
      if (distance % axis.stride == 0) {
        phase.taps.push_back({k, distance / axis.stride});
        lowest = std::min(lowest, distance / axis.stride);
        highest = std::max(highest, distance / axis.stride);
      }
    }
    padded.phases.push_back(std::move(phase));
  }
  for (Phase &phase : padded.phases) {
    for (Tap &tap : phase.taps) {
      tap.offset -= lowest;
    }
  }
  padded.reach = highest - lowest;
  const int64_t size = padded.phases.front().count + padded.reach;
  for (int64_t i = 0; i < size; ++i) {
    const int64_t source = i + lowest;
    padded.sources.push_back(source >= 0 && source < input ? source : kZeroPadding);
  }
  return padded;
}

class Bf16Run {
public:
  Bf16Run(const std::vector<InputImage> &inputs, const Geometry &geometry, bool transposed,
      const at::Tensor &packed, OutputImage output, Epilogue epilogue, bool accumulate)
      : inputs_(inputs), output_(output), epilogue_(epilogue), accumulate_(accumulate),
        weights_(reinterpret_cast<const uint16_t *>(packed.const_data_ptr<at::BFloat16>())) {
    for (const InputImage &input : inputs) {
      channels_in_ += input.channels;
    }
    const Segmentation segmentation({geometry, transposed, channels_in_, output.channels});
    kernel_columns_ = segmentation.kernel_columns;
    segments_ = segmentation.segments;
    steps_ = segmentation.steps;
    if (geometry.is_pointwise() && !transposed) {
      // Rows of any length: only whole blocks of pixels are efficient.
      pixels_ = output.height * output.width;
      output_.width = std::min(pixels_, kBf16RowPixels);
      output_.height = (pixels_ + output_.width - 1) / output_.width;
      for (InputImage &input : inputs_) {
        input.height = output_.height;
        input.width = output_.width;
      }
    }
    const InputImage &first = inputs_.front();
    if (transposed) {
      rows_ = transposed_axis(geometry.rows, first.height, output_.height);
      columns_ = transposed_axis(geometry.columns, first.width, output_.width);
    } else {
      rows_ = convolution_axis(geometry.rows, geometry.padding_mode, first.height, output_.height, false);
      columns_ = convolution_axis(
          geometry.columns, geometry.padding_mode, first.width, output_.width, kernel_columns_ == 1);
    }
  }

  void run() {
    const int64_t threads = parallel_threads();
    const int64_t rows = rows_.phases.front().count, row_values = columns_.size() * channels_in_;
    const int64_t cache_rows =
        std::max(kBf16MinRows, (kBf16StripValues / row_values - rows_.reach) / rows_.step);
    const int64_t strips = threads * ((rows + cache_rows * threads - 1) / (cache_rows * threads));
    const int64_t size = (rows + strips - 1) / strips;
    // The last block of a row reads inputs of pixels beyond it.
    const int64_t surplus = (kBlockPixels * columns_.step * channels_in_ + (steps_ + 1) * kDepthStep);
    const int64_t values = ((size - 1) * rows_.step + rows_.reach + 1) * row_values + surplus;
    parallel_for(0, (rows + size - 1) / size, 1, [&](int64_t begin, int64_t end) {
      // Zeros: the surplus is multiplied by zero weights, and must not be NaN.
      const at::Tensor scratch = at::empty({values}, at::kBFloat16);
      auto *const inputs = reinterpret_cast<uint16_t *>(scratch.mutable_data_ptr<at::BFloat16>());
      std::fill(inputs, inputs + values, uint16_t{0});
      kernels_.begin();
      for (int64_t strip = begin; strip < end; ++strip) {
        run_strip(strip * size, std::min(rows, (strip + 1) * size), inputs);
      }
      kernels_.end();
    });
  }

private:
  // Computes outputs [begin, end) of each phase of the rows.
  void run_strip(int64_t begin, int64_t end, uint16_t *scratch) const {
    const int64_t row_values = columns_.size() * channels_in_;
    const int64_t first = begin * rows_.step;
    const int64_t last = std::min((end - 1) * rows_.step + rows_.reach + 1, rows_.size());
    for (int64_t row = first; row < last; ++row) {
      round_row(row, scratch + (row - first) * row_values);
    }
    std::vector<Segment> segments;
    for (const Phase &rows : rows_.phases) {
      for (const Phase &columns : columns_.phases) {
        segments.clear();
        for (const Tap &i : rows.taps) {
          for (const Tap &j : columns.taps) {
            segments.push_back({i.offset * row_values + j.offset * channels_in_,
                (i.index * kernel_columns_ + j.index) * steps_ * kStepWeights});
          }
        }
        // The weights of a block of channels stay in the cache for all pixels of the strip.
        for (int64_t channel = 0; channel < output_.channels; channel += kBlockOutputs) {
          for (int64_t y = begin; y < std::min(end, rows.count); ++y) {
            run_row(rows.first + y * rows.step, columns, channel, segments,
                scratch + (y * rows_.step - first) * row_values);
          }
        }
      }
    }
  }

  // Computes the outputs of `columns` in row `y` for a block of channels.
  void run_row(int64_t y, const Phase &columns, int64_t channel, const std::vector<Segment> &segments,
      const uint16_t *inputs) const {
    const int64_t channels = std::min(kBlockOutputs, output_.channels - channel);
    Epilogue block_epilogue = epilogue_;
    if (epilogue_.bias != nullptr) {
      block_epilogue.bias += channel;
    }
    if (epilogue_.activation == Activation::leaky_relu) {
      block_epilogue.slopes += channel;
    }
    const int64_t pixel_step = columns_.step * channels_in_;
    const int64_t count = std::min(columns.count, pixels_ < 0 ? columns.count : pixels_ - y * output_.width);
    for (int64_t x = 0; x < count; x += kBlockPixels) {
      const Bf16Block block{inputs + x * pixel_step, pixel_step,
          weights_ + channel / kBlockOutputs * segments_ * steps_ * kStepWeights, segments.data(),
          segments.size(), static_cast<size_t>(steps_)};
      const int64_t offset =
          (y * output_.width + columns.first + x * columns.step) * output_.channels + channel;
      const BlockOutput target{output_.data + offset, static_cast<size_t>(std::min(kBlockPixels, count - x)),
          static_cast<size_t>(channels), columns.step * output_.channels};
      kernels_.convolve(block, target, block_epilogue.offset_by(offset), accumulate_);
    }
  }

  // Rounds a padded row of all inputs.
  void round_row(int64_t row, uint16_t *to) const {
    const int64_t source_row = rows_.sources[static_cast<size_t>(row)];
    const int64_t width =
        pixels_ < 0 ? columns_.size() : std::min(columns_.size(), pixels_ - row * output_.width);
    if (source_row == kZeroPadding) {
      std::fill(to, to + width * channels_in_, uint16_t{0});
      return;
    }
    for (int64_t column = 0; column < width;) {
      const int64_t source = columns_.sources[static_cast<size_t>(column)];
      int64_t count = 1;
      while (inputs_.size() == 1 && column + count < width &&
             columns_.sources[static_cast<size_t>(column + count)] ==
                 (source == kZeroPadding ? kZeroPadding : source + count)) {
        ++count;
      }
      for (const InputImage &input : inputs_) {
        const int64_t values = count * input.channels;
        if (source == kZeroPadding) {
          std::fill(to, to + values, uint16_t{0});
        } else {
          kernels_.round(input.row(source_row) + source * input.channels, static_cast<size_t>(values), to);
        }
        to += values;
      }
      column += count;
    }
  }

  const Bf16Kernels &kernels_ = *bf16_kernels();
  std::vector<InputImage> inputs_;
  OutputImage output_;
  const Epilogue epilogue_;
  const bool accumulate_;
  const uint16_t *const weights_;
  PaddedAxis rows_, columns_;
  int64_t channels_in_ = 0, kernel_columns_ = 1, segments_ = 0, steps_ = 0;
  // All pixels of a 1x1 convolution, whose last row may be shorter; otherwise -1.
  int64_t pixels_ = -1;
};

int64_t blocks_of(int64_t channels) { return (channels + kBlockOutputs - 1) / kBlockOutputs; }

} // namespace

at::Tensor pack_bf16(const at::Tensor &weights, const Bf16Shape &shape) {
  const Segmentation segmentation(shape);
  const int64_t blocks = blocks_of(shape.channels_out);
  const at::Tensor products =
      weights.to(at::kBFloat16).reshape({segmentation.segments, segmentation.values, shape.channels_out});
  return at::constant_pad_nd(products, {0, blocks * kBlockOutputs - shape.channels_out, 0,
                                           segmentation.steps * kDepthStep - segmentation.values})
      .view({segmentation.segments, segmentation.steps, kDepthStep / 2, 2, blocks, 2, kBlockOutputs / 2})
      .permute({4, 0, 1, 5, 2, 6, 3})
      .contiguous();
}

at::Tensor unpack_bf16(const at::Tensor &packed, const Bf16Shape &shape) {
  const Segmentation segmentation(shape);
  return packed.permute({1, 2, 4, 6, 0, 3, 5})
      .reshape({segmentation.segments, segmentation.steps * kDepthStep,
          blocks_of(shape.channels_out) * kBlockOutputs})
      .narrow(1, 0, segmentation.values)
      .narrow(2, 0, shape.channels_out)
      .reshape(
          {shape.geometry.rows.kernel, shape.geometry.columns.kernel, shape.channels_in, shape.channels_out})
      .to(at::kFloat);
}

void bf16_conv(const std::vector<InputImage> &inputs, const Geometry &geometry, bool transposed,
    const at::Tensor &packed, OutputImage output, Epilogue epilogue, bool accumulate) {
  Bf16Run(inputs, geometry, transposed, packed, output, epilogue, accumulate).run();
}

} // namespace fastconv::conv
