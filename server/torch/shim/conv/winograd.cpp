#include "winograd.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "gemm.h"

namespace iopaint::conv {
namespace {

// The planes of a strip of tiles; about what a core's caches hold.
constexpr int64_t kStripFloats = 3 << 20;
// A stride of planes that is a power of two would map all of them to the same lines of the cache.
constexpr int64_t kPlaneSkew = 16;
// With fewer tiles than these, a thread would read all filters for too little work.
constexpr int64_t kFewTiles = 24;

int64_t filter_stride(int64_t channels_in, int64_t channels_out) { return channels_in * channels_out + kPlaneSkew; }

int64_t ceil_div(int64_t value, int64_t by) { return (value + by - 1) / by; }

struct Strip {
  int64_t begin, end; // tiles

  int64_t tiles() const { return end - begin; }
};

class Pass {
public:
  Pass(const std::vector<Input> &inputs, const Geometry &geometry, const float *filters, Output output,
      Epilogue epilogue, bool accumulate)
      : inputs_(inputs), filters_(filters), output_(output), epilogue_(epilogue), accumulate_(accumulate),
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
    const int64_t threads = at::get_num_threads();
    const int64_t fit = std::max(kFewTiles, kStripFloats / (kPlanes * (channels_in_ + output_.channels)));
    const int64_t rounds = ceil_div(tiles_, fit * threads);
    const int64_t share = ceil_div(tiles_, rounds * threads);
    if (share >= kFewTiles) {
      at::parallel_for(
          0, ceil_div(tiles_, share), 1, [&](int64_t begin, int64_t end) { strips(begin, end, share); });
    } else {
      // Too few for strips of their own: the threads share each strip.
      strips(0, rounds, ceil_div(tiles_, rounds));
    }
  }

private:
  void strips(int64_t begin, int64_t end, int64_t size) {
    const int64_t input_floats = kPlanes * (size * channels_in_ + kPlaneSkew);
    const int64_t output_floats = kPlanes * (size * output_.channels + kPlaneSkew);
    const at::Tensor scratch = at::empty({input_floats + output_floats}, at::kFloat);
    float *const planes = scratch.mutable_data_ptr<float>();
    for (int64_t i = begin; i < end; ++i) {
      strip({i * size, std::min(tiles_, (i + 1) * size)}, planes, planes + input_floats);
    }
  }

  // Inside a parallel region these loops are plain ones.
  void strip(Strip strip, float *input_planes, float *output_planes) {
    const int64_t input_stride = strip.tiles() * channels_in_ + kPlaneSkew;
    const int64_t output_stride = strip.tiles() * output_.channels + kPlaneSkew;
    at::parallel_for(strip.begin, strip.end, 4, [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) {
        read(tile, input_planes + (tile - strip.begin) * channels_in_, input_stride);
      }
    });
    at::parallel_for(0, kPlanes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        const Matrix pixels{input_planes + plane * input_stride, channels_in_};
        const Matrix filters{filters_ + plane * filter_stride(channels_in_, output_.channels), output_.channels};
        gemm(strip.tiles(), output_.channels, channels_in_, pixels, filters, output_planes + plane * output_stride,
            output_.channels, false);
      }
    });
    at::parallel_for(strip.begin, strip.end, 4, [&](int64_t begin, int64_t end) {
      std::vector<float> beyond(static_cast<size_t>(output_.channels));
      for (int64_t tile = begin; tile < end; ++tile) {
        write(tile, output_planes + (tile - strip.begin) * output_.channels, output_stride, beyond.data());
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
  const float *const filters_;
  const Output output_;
  Epilogue epilogue_;
  const bool accumulate_;
  const int64_t tile_columns_, tiles_;
  int64_t channels_in_ = 0, widest_ = 0;
  std::vector<int64_t> rows_, columns_;
  std::vector<float> zeros_;
};

} // namespace

int64_t winograd_filter_size(int64_t channels_in, int64_t channels_out) {
  return kPlanes * filter_stride(channels_in, channels_out);
}

int64_t winograd_tiles(int64_t height, int64_t width) { return ceil_div(height, kTile) * ceil_div(width, kTile); }

void winograd_filters(const float *taps, int64_t channels_in, int64_t channels_out, float *filters) {
  const Kernels &chosen = kernels();
  const size_t tap_stride = static_cast<size_t>(channels_in * channels_out);
  const size_t plane_stride = static_cast<size_t>(filter_stride(channels_in, channels_out));
  at::parallel_for(0, channels_in, 1, [&](int64_t begin, int64_t end) {
    const int64_t offset = begin * channels_out;
    chosen.winograd_filter(
        taps + offset, tap_stride, static_cast<size_t>((end - begin) * channels_out), filters + offset, plane_stride);
  });
}

void winograd(
    const std::vector<Input> &inputs, const Geometry &geometry, const float *filters, Output output, Epilogue epilogue,
    bool accumulate) {
  Pass(inputs, geometry, filters, output, epilogue, accumulate).run();
}

} // namespace iopaint::conv
