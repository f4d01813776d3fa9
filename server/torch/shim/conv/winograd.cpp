#include "winograd.h"

#include <algorithm>

#include <ATen/ops/empty.h>

#include "gemm.h"
#include "parallel.h"

namespace iopaint::conv {
namespace {

// The planes of a strip of tiles: about what a core's caches hold, and little enough for an allocator to keep.
constexpr int64_t kWinogradStripFloats = 3 << 20;
// A stride of planes that is a power of two would map all of them to the same lines of the cache.
constexpr int64_t kPlaneSkew = 16;
// With fewer tiles than these, a thread would read all filters for too little work.
constexpr int64_t kStripMinTiles = 24;
// Filters of some output channels; half of what a core's own cache holds.
constexpr int64_t kBlockFloats = 256 << 10;
constexpr int64_t kBlockChannels = 16;

// Floats from one plane of filters to the next.
int64_t filter_stride(int64_t channels_in, int64_t channels_out) { return channels_in * channels_out + kPlaneSkew; }

int64_t ceil_div(int64_t value, int64_t by) { return (value + by - 1) / by; }

struct Strip {
  int64_t begin, end; // tiles

  int64_t tiles() const { return end - begin; }
};

class WinogradRun {
public:
  WinogradRun(const std::vector<Input> &inputs, const Geometry &geometry, const float *taps, Output output,
      Epilogue epilogue, bool accumulate)
      : inputs_(inputs), taps_(taps), output_(output), epilogue_(epilogue), accumulate_(accumulate),
        tile_columns_(ceil_div(output.width, kTile)), tiles_(winograd_tiles(output.height, output.width)) {
    const Input &first = inputs.front();
    // Tiles at the edge reach beyond the padded image.
    rows_ = padded_places(geometry.rows, geometry.border, first.height, kTile);
    columns_ = padded_places(geometry.columns, geometry.border, first.width, kTile);
    for (const Input &input : inputs) {
      channels_in_ += input.channels;
      widest_ = std::max(widest_, input.channels);
    }
    zeros_.assign(static_cast<size_t>(std::max(widest_, output.channels)), 0.0f);
    if (epilogue_.bias == nullptr) {
      epilogue_.bias = zeros_.data();
    }
  }

  void run() {
    const int64_t threads = parallel_threads();
    const int64_t fit = std::max(kStripMinTiles, kWinogradStripFloats / (kPlanes * (channels_in_ + output_.channels)));
    const int64_t rounds = ceil_div(tiles_, fit * threads);
    const int64_t share = ceil_div(tiles_, rounds * threads);
    if (tiles_ < kStripMinTiles) {
      strips(1, tiles_);
      return;
    }
    const at::Tensor filters = at::empty({kPlanes * filter_stride(channels_in_, output_.channels)}, at::kFloat);
    float *const planes = filters.mutable_data_ptr<float>();
    parallel_for(0, channels_in_, 1, [&](int64_t begin, int64_t end) {
      const int64_t offset = begin * output_.channels;
      kernels_.winograd_filter(taps_ + offset, tap_stride(), static_cast<size_t>((end - begin) * output_.channels),
          planes + offset, static_cast<size_t>(filter_stride(channels_in_, output_.channels)));
    });
    filters_ = planes;
    if (share >= kStripMinTiles) {
      strips(threads, share);
    } else {
      // Too few for strips of their own: the threads share each strip.
      strips(1, ceil_div(tiles_, rounds));
    }
  }

private:
  size_t tap_stride() const { return static_cast<size_t>(channels_in_ * output_.channels); }

  // All strips, `size` tiles each, of which up to `at_once` run at the same time.
  void strips(int64_t at_once, int64_t size) {
    const int64_t count = ceil_div(tiles_, size), parts = std::min(at_once, count);
    const int64_t input_floats = kPlanes * (size * channels_in_ + kPlaneSkew);
    const int64_t output_floats = kPlanes * (size * output_.channels + kPlaneSkew);
    // From this thread's heap: allocators that have one for each thread keep what is freed there less well.
    std::vector<at::Tensor> memory;
    for (int64_t part = 0; part < parts; ++part) {
      memory.push_back(at::empty({input_floats + output_floats}, at::kFloat));
    }
    parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        float *const planes = memory[static_cast<size_t>(part)].mutable_data_ptr<float>();
        for (int64_t i = count * part / parts; i < count * (part + 1) / parts; ++i) {
          strip({i * size, std::min(tiles_, (i + 1) * size)}, planes, planes + input_floats);
        }
      }
    });
  }

  // Where strips run at the same time, these loops are plain ones.
  void strip(Strip strip, float *input_planes, float *output_planes) {
    const int64_t input_stride = strip.tiles() * channels_in_ + kPlaneSkew;
    const int64_t output_stride = strip.tiles() * output_.channels + kPlaneSkew;
    parallel_for(strip.begin, strip.end, 4, [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) {
        read(tile, input_planes + (tile - strip.begin) * channels_in_, input_stride);
      }
    });
    if (filters_ == nullptr) {
      multiply_in_blocks(strip.tiles(), input_planes, input_stride, output_planes, output_stride);
    } else {
      multiply(strip.tiles(), input_planes, input_stride, output_planes, output_stride);
    }
    parallel_for(strip.begin, strip.end, 4, [&](int64_t begin, int64_t end) {
      std::vector<float> beyond(static_cast<size_t>(output_.channels));
      for (int64_t tile = begin; tile < end; ++tile) {
        write(tile, output_planes + (tile - strip.begin) * output_.channels, output_stride, beyond.data());
      }
    });
  }

  void multiply(int64_t tiles, const float *input_planes, int64_t input_stride, float *output_planes,
      int64_t output_stride) const {
    parallel_for(0, kPlanes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        const Matrix pixels{input_planes + plane * input_stride, channels_in_};
        const Matrix filters{filters_ + plane * filter_stride(channels_in_, output_.channels), output_.channels};
        gemm(tiles, output_.channels, channels_in_, pixels, filters, output_planes + plane * output_stride,
            output_.channels, false);
      }
    });
  }

  // For few tiles the filters' way to Winograd's domain is most of the work: some output channels at a time they stay in
  // a core's cache until they are multiplied.
  void multiply_in_blocks(int64_t tiles, const float *input_planes, int64_t input_stride, float *output_planes,
      int64_t output_stride) const {
    const int64_t fit = kBlockFloats / (kPlanes * channels_in_) / kBlockChannels * kBlockChannels;
    const int64_t width = std::min(std::max(fit, kBlockChannels), output_.channels);
    parallel_for(0, ceil_div(output_.channels, width), 1, [&](int64_t begin, int64_t end) {
      const int64_t stride = filter_stride(channels_in_, width);
      const at::Tensor scratch = at::empty({kPlanes * stride}, at::kFloat);
      float *const filters = scratch.mutable_data_ptr<float>();
      for (int64_t block = begin; block < end; ++block) {
        const int64_t first = block * width, count = std::min(width, output_.channels - first);
        for (int64_t channel = 0; channel < channels_in_; ++channel) {
          kernels_.winograd_filter(taps_ + channel * output_.channels + first, tap_stride(), static_cast<size_t>(count),
              filters + channel * width, static_cast<size_t>(stride));
        }
        for (int64_t plane = 0; plane < kPlanes; ++plane) {
          gemm(tiles, count, channels_in_, {input_planes + plane * input_stride, channels_in_},
              {filters + plane * stride, width}, output_planes + plane * output_stride + first, output_.channels, false);
        }
      }
    });
  }

  void read(int64_t tile, float *planes, int64_t plane_stride) const {
    const int64_t *rows = rows_.data() + tile / tile_columns_ * kTile;
    const int64_t *columns = columns_.data() + tile % tile_columns_ * kTile;
    for (const Input &input : inputs_) {
      const float *pixels[kPlanes];
      for (int row = 0; row < kTileInput; ++row) {
        for (int column = 0; column < kTileInput; ++column) {
          const bool outside = rows[row] == kOutside || columns[column] == kOutside;
          pixels[row * kTileInput + column] =
              outside ? zeros_.data() : input.data + (rows[row] * input.width + columns[column]) * input.channels;
        }
      }
      kernels_.winograd_input(pixels, static_cast<size_t>(input.channels), planes, static_cast<size_t>(plane_stride));
      planes += input.channels;
    }
  }

  void write(int64_t tile, const float *planes, int64_t plane_stride, float *beyond) const {
    const int64_t top = tile / tile_columns_ * kTile, left = tile % tile_columns_ * kTile;
    float *pixels[kTile * kTile];
    const float *added[kTile * kTile] = {};
    for (int row = 0; row < kTile; ++row) {
      for (int column = 0; column < kTile; ++column) {
        const bool inside = top + row < output_.height && left + column < output_.width;
        float *const pixel = inside ? output_.row(top + row) + (left + column) * output_.channels : beyond;
        pixels[row * kTile + column] = pixel;
        if (epilogue_.residual != Residual::none) {
          added[row * kTile + column] = inside ? epilogue_.added + (pixel - output_.data) : zeros_.data();
        }
      }
    }
    kernels_.winograd_output(planes, static_cast<size_t>(plane_stride), static_cast<size_t>(output_.channels), epilogue_,
        accumulate_, added, pixels);
  }

  const Kernels &kernels_ = kernels();
  const std::vector<Input> &inputs_;
  const float *const taps_;
  const float *filters_ = nullptr; // of all output channels, where they are taken to Winograd's domain at once
  const Output output_;
  Epilogue epilogue_;
  const bool accumulate_;
  const int64_t tile_columns_, tiles_;
  int64_t channels_in_ = 0, widest_ = 0;
  std::vector<int64_t> rows_, columns_;
  std::vector<float> zeros_;
};

} // namespace

int64_t winograd_tiles(int64_t height, int64_t width) { return ceil_div(height, kTile) * ceil_div(width, kTile); }

void winograd(
    const std::vector<Input> &inputs, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue,
    bool accumulate) {
  WinogradRun(inputs, geometry, taps, output, epilogue, accumulate).run();
}

} // namespace iopaint::conv
