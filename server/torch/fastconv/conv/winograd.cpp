#include "winograd.h"

#include <algorithm>
#include <mutex>

#include <ATen/ops/empty.h>

#include "gemm.h"
#include "parallel.h"

namespace fastconv::conv {
namespace {

// Floats of a strip's planes (12 MiB): about the size of a core's caches, and small enough for the allocator
// to keep.
constexpr int64_t kWinogradStripFloats = 3 << 20;
// Floats added to the stride between planes: a power of two would map all planes to the same cache sets.
constexpr int64_t kPlaneSkew = 16;
// Minimum tiles of a strip: each strip reads all transformed filters (docs/performance.md, 24 tiles).
constexpr int64_t kStripMinTiles = 24;
// Strips of each thread, at most, if one strip's planes would fit the cache.
constexpr int64_t kStripsPerThread = 4;
// Floats of the transformed filters of a block of output channels: 1 MiB, half of a core's L2 cache.
constexpr int64_t kBlockFloats = 256 << 10;
// Minimum input channels whose filters a thread transforms at a time.
constexpr int64_t kFilterGrain = 8;
// Output channels of a block are a multiple of this.
constexpr int64_t kBlockChannels = 16;

// Returns the floats from one plane of transformed filters to the next.
int64_t filter_stride(int64_t channels_in, int64_t channels_out) {
  return channels_in * channels_out + kPlaneSkew;
}

int64_t ceil_div(int64_t value, int64_t by) { return (value + by - 1) / by; }

// Tiles [begin, end).
struct Strip {
  int64_t begin, end;

  int64_t tiles() const { return end - begin; }
};

class WinogradRun {
public:
  WinogradRun(const std::vector<InputImage> &inputs, const Geometry &geometry, const float *weights,
      OutputImage output, Epilogue epilogue, bool accumulate)
      : inputs_(inputs), weights_(weights), output_(output), epilogue_(epilogue), accumulate_(accumulate),
        tile_columns_(ceil_div(output.width, kTile)), tiles_(winograd_tiles(output.height, output.width)) {
    const InputImage &first = inputs.front();
    // Tiles at the right and bottom edges extend beyond the padded image.
    rows_ = padded_indices(geometry.rows, geometry.padding_mode, first.height, kTile);
    columns_ = padded_indices(geometry.columns, geometry.padding_mode, first.width, kTile);
    for (const InputImage &input : inputs) {
      channels_in_ += input.channels;
      max_channels_ = std::max(max_channels_, input.channels);
    }
    zeros_.assign(static_cast<size_t>(std::max(max_channels_, output.channels)), 0.0f);
    if (epilogue_.bias == nullptr) {
      epilogue_.bias = zeros_.data();
    }
  }

  void run() {
    const int64_t threads = parallel_threads();
    const int64_t cache_tiles =
        std::max(kStripMinTiles, kWinogradStripFloats / (kPlanes * (channels_in_ + output_.channels)));
    const int64_t rounds = ceil_div(tiles_, cache_tiles * threads);
    // Several strips per thread, so that one that shares its processor with another program takes fewer of
    // them.
    const int64_t per_thread =
        std::clamp<int64_t>(tiles_ / (rounds * threads * kStripMinTiles), 1, kStripsPerThread);
    const int64_t strip_tiles = ceil_div(tiles_, rounds * threads * per_thread);
    if (tiles_ < kStripMinTiles) {
      run_strips(1, tiles_);
      return;
    }
    const at::Tensor filters =
        at::empty({kPlanes * filter_stride(channels_in_, output_.channels)}, at::kFloat);
    float *const planes = filters.mutable_data_ptr<float>();
    parallel_for(0, channels_in_, kFilterGrain, [&](int64_t begin, int64_t end) {
      const int64_t offset = begin * output_.channels;
      kernels_.winograd_filter(weights_ + offset, weight_stride(),
          static_cast<size_t>((end - begin) * output_.channels), planes + offset,
          static_cast<size_t>(filter_stride(channels_in_, output_.channels)));
    });
    filters_ = planes;
    if (strip_tiles >= kStripMinTiles) {
      run_strips(threads, strip_tiles);
    } else {
      // Too few tiles for one strip per thread: the threads share each strip.
      run_strips(1, ceil_div(tiles_, rounds));
    }
  }

private:
  size_t weight_stride() const { return static_cast<size_t>(channels_in_ * output_.channels); }

  // Runs all strips of `size` tiles, up to `concurrency` of them at the same time.
  void run_strips(int64_t concurrency, int64_t size) {
    const int64_t count = ceil_div(tiles_, size);
    const int64_t input_floats = kPlanes * (size * channels_in_ + kPlaneSkew);
    const int64_t output_floats = kPlanes * (size * output_.channels + kPlaneSkew);
    // Allocated by this thread: allocators with one heap per thread reuse memory that other threads freed
    // less well.
    const int64_t threads = std::min(concurrency, count);
    std::vector<at::Tensor> memory;
    memory.reserve(static_cast<size_t>(threads));
    for (int64_t i = 0; i < threads; ++i) {
      memory.push_back(at::empty({input_floats + output_floats}, at::kFloat));
    }
    if (concurrency == 1) {
      for (int64_t i = 0; i < count; ++i) {
        run_strip(strip(i, size), memory[0].mutable_data_ptr<float>(), input_floats);
      }
      return;
    }
    std::mutex mutex;
    parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      std::unique_lock<std::mutex> lock(mutex);
      at::Tensor planes = std::move(memory.back());
      memory.pop_back();
      lock.unlock();
      for (int64_t i = begin; i < end; ++i) {
        run_strip(strip(i, size), planes.mutable_data_ptr<float>(), input_floats);
      }
      lock.lock();
      memory.push_back(std::move(planes));
    });
  }

  Strip strip(int64_t i, int64_t size) const { return {i * size, std::min(tiles_, (i + 1) * size)}; }

  // Runs one strip. Its loops are serial if strips run concurrently.
  void run_strip(Strip strip, float *input_planes, int64_t input_floats) {
    float *const output_planes = input_planes + input_floats;
    const int64_t input_stride = strip.tiles() * channels_in_ + kPlaneSkew;
    const int64_t output_stride = strip.tiles() * output_.channels + kPlaneSkew;
    parallel_for(strip.begin, strip.end, 4, [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) {
        transform_input(tile, input_planes + (tile - strip.begin) * channels_in_, input_stride);
      }
    });
    if (filters_ == nullptr) {
      multiply_in_blocks(strip.tiles(), input_planes, input_stride, output_planes, output_stride);
    } else {
      multiply(strip.tiles(), input_planes, input_stride, output_planes, output_stride);
    }
    parallel_for(strip.begin, strip.end, 4, [&](int64_t begin, int64_t end) {
      std::vector<float> discarded(static_cast<size_t>(output_.channels));
      for (int64_t tile = begin; tile < end; ++tile) {
        transform_output(
            tile, output_planes + (tile - strip.begin) * output_.channels, output_stride, discarded.data());
      }
    });
  }

  void multiply(int64_t tiles, const float *input_planes, int64_t input_stride, float *output_planes,
      int64_t output_stride) const {
    parallel_for(0, kPlanes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        const Matrix pixels{input_planes + plane * input_stride, channels_in_};
        const Matrix filters{
            filters_ + plane * filter_stride(channels_in_, output_.channels), output_.channels};
        gemm(tiles, output_.channels, channels_in_, pixels, filters, output_planes + plane * output_stride,
            output_.channels, false);
      }
    });
  }

  // For few tiles, transforming the filters is most of the work: it is done for a block of output channels at
  // a time, so that they stay in a core's cache until they are multiplied.
  void multiply_in_blocks(int64_t tiles, const float *input_planes, int64_t input_stride,
      float *output_planes, int64_t output_stride) const {
    const int64_t cache_channels = kBlockFloats / (kPlanes * channels_in_) / kBlockChannels * kBlockChannels;
    const int64_t width = std::min(std::max(cache_channels, kBlockChannels), output_.channels);
    parallel_for(0, ceil_div(output_.channels, width), 1, [&](int64_t begin, int64_t end) {
      const int64_t stride = filter_stride(channels_in_, width);
      const at::Tensor scratch = at::empty({kPlanes * stride}, at::kFloat);
      float *const filters = scratch.mutable_data_ptr<float>();
      for (int64_t block = begin; block < end; ++block) {
        const int64_t first = block * width, count = std::min(width, output_.channels - first);
        for (int64_t channel = 0; channel < channels_in_; ++channel) {
          kernels_.winograd_filter(weights_ + channel * output_.channels + first, weight_stride(),
              static_cast<size_t>(count), filters + channel * width, static_cast<size_t>(stride));
        }
        for (int64_t plane = 0; plane < kPlanes; ++plane) {
          gemm(tiles, count, channels_in_, {input_planes + plane * input_stride, channels_in_},
              {filters + plane * stride, width}, output_planes + plane * output_stride + first,
              output_.channels, false);
        }
      }
    });
  }

  void transform_input(int64_t tile, float *planes, int64_t plane_stride) const {
    const int64_t *rows = rows_.data() + tile / tile_columns_ * kTile;
    const int64_t *columns = columns_.data() + tile % tile_columns_ * kTile;
    for (const InputImage &input : inputs_) {
      const float *pixels[kPlanes];
      for (int row = 0; row < kTileInput; ++row) {
        for (int column = 0; column < kTileInput; ++column) {
          const bool is_padding = rows[row] == kZeroPadding || columns[column] == kZeroPadding;
          pixels[row * kTileInput + column] =
              is_padding ? zeros_.data()
                         : input.data + (rows[row] * input.width + columns[column]) * input.channels;
        }
      }
      kernels_.winograd_input(
          pixels, static_cast<size_t>(input.channels), planes, static_cast<size_t>(plane_stride));
      planes += input.channels;
    }
  }

  void transform_output(int64_t tile, const float *planes, int64_t plane_stride, float *discarded) const {
    const int64_t top = tile / tile_columns_ * kTile, left = tile % tile_columns_ * kTile;
    float *pixels[kTile * kTile];
    const float *residual_pixels[kTile * kTile] = {};
    for (int row = 0; row < kTile; ++row) {
      for (int column = 0; column < kTile; ++column) {
        const bool inside = top + row < output_.height && left + column < output_.width;
        float *const pixel = inside ? output_.row(top + row) + (left + column) * output_.channels : discarded;
        pixels[row * kTile + column] = pixel;
        if (epilogue_.residual != Residual::none) {
          residual_pixels[row * kTile + column] =
              inside ? epilogue_.residual_data + (pixel - output_.data) : zeros_.data();
        }
      }
    }
    kernels_.winograd_output(planes, static_cast<size_t>(plane_stride), static_cast<size_t>(output_.channels),
        epilogue_, accumulate_, residual_pixels, pixels);
  }

  const Kernels &kernels_ = kernels();
  const std::vector<InputImage> &inputs_;
  const float *const weights_;
  // Transformed filters of all output channels; null if `multiply_in_blocks` transforms them.
  const float *filters_ = nullptr;
  const OutputImage output_;
  Epilogue epilogue_;
  const bool accumulate_;
  const int64_t tile_columns_, tiles_;
  int64_t channels_in_ = 0, max_channels_ = 0;
  std::vector<int64_t> rows_, columns_;
  std::vector<float> zeros_;
};

} // namespace

int64_t winograd_tiles(int64_t height, int64_t width) {
  return ceil_div(height, kTile) * ceil_div(width, kTile);
}

void winograd_conv(const std::vector<InputImage> &inputs, const Geometry &geometry, const float *weights,
    OutputImage output, Epilogue epilogue, bool accumulate) {
  WinogradRun(inputs, geometry, weights, output, epilogue, accumulate).run();
}

} // namespace fastconv::conv
