// The functions of immintrin.h are always inlined, so that the linker can't pick them for the whole program.
#include <immintrin.h>

#include "bf16_kernels.h"
#include "kernels_impl.h"

namespace fastconv::conv {
namespace {

constexpr int kLanes = 16;
using Vector = VectorOf<kLanes>::type;

// Configuration of the tile registers, as ldtilecfg reads it.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Static: GCC's _tile_loadconfig declares only the first bytes of its operand as read.
constexpr TileConfiguration kTiles;

void begin() { _tile_loadconfig(&kTiles); }

void end() { _tile_release(); }

void round(const float *values, size_t count, uint16_t *rounded) {
  for (size_t i = 0; i < count; i += kLanes) {
    const size_t left = count - i;
    const auto lanes = static_cast<__mmask16>(left < kLanes ? (1u << left) - 1 : 0xffffu);
    const __m256bh halves = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes, values + i));
    _mm256_mask_storeu_epi16(rounded + i, lanes, reinterpret_cast<__m256i>(halves));
  }
}

// Multiplies 32 pixels, or 16 of them, by the weights of 32 channels. Tiles 0 to 3 hold the sums.
template <bool whole> FASTCONV_INLINE void multiply(const Bf16Block &block, float *sums) {
  const int64_t stride = block.pixel_step * static_cast<int64_t>(sizeof(uint16_t));
  _tile_zero(0);
  _tile_zero(1);
  if (whole) {
    _tile_zero(2);
    _tile_zero(3);
  }
  for (size_t i = 0; i < block.segment_count; ++i) {
    const uint16_t *inputs = block.inputs + block.segments[i].input;
    const uint16_t *weights = block.weights + block.segments[i].weights;
    for (size_t step = 0; step < block.steps; ++step) {
      _tile_loadd(4, inputs, stride);
      if (whole) {
        _tile_loadd(5, inputs + kBlockPixels / 2 * block.pixel_step, stride);
      }
      _tile_loadd(6, weights, 64);
      _tile_loadd(7, weights + kStepWeights / 2, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      if (whole) {
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
      inputs += kDepthStep;
      weights += kStepWeights;
    }
  }
  constexpr int64_t row = kBlockOutputs * sizeof(float);
  _tile_stored(0, sums, row);
  _tile_stored(1, sums + kLanes, row);
  if (whole) {
    _tile_stored(2, sums + kBlockPixels / 2 * kBlockOutputs, row);
    _tile_stored(3, sums + kBlockPixels / 2 * kBlockOutputs + kLanes, row);
  }
}

// Writes channels [channel, channel + lanes of V) of a pixel.
template <class V, class EpilogueOp>
FASTCONV_INLINE void write(V value, float *output, size_t channel, const Epilogue &epilogue,
    const float *residual, bool accumulate) {
  if (accumulate) {
    value += load<V>(output + channel);
  }
  value += load<V>(epilogue.bias + channel);
  const V slope = EpilogueOp::template slope<V>(epilogue, channel);
  store(output + channel, EpilogueOp::apply(value, EpilogueOp::at(residual, channel), slope));
}

template <class EpilogueOp>
FASTCONV_INLINE void write_block(
    const float *sums, BlockOutput output, const Epilogue &epilogue, bool accumulate) {
  const float *residual = epilogue.residual_data;
  for (size_t pixel = 0; pixel < output.count; ++pixel, sums += kBlockOutputs) {
    size_t channel = 0;
    for (; channel + kLanes <= output.channels; channel += kLanes) {
      write<Vector, EpilogueOp>(
          load<Vector>(sums + channel), output.pixels, channel, epilogue, residual, accumulate);
    }
    for (; channel < output.channels; ++channel) {
      write<float, EpilogueOp>(sums[channel], output.pixels, channel, epilogue, residual, accumulate);
    }
    output.pixels += output.pixel_step;
    residual = EpilogueOp::residual == Residual::none ? nullptr : residual + output.pixel_step;
  }
}

void convolve(const Bf16Block &block, BlockOutput output, Epilogue epilogue, bool accumulate) {
  static constexpr float zeros[kBlockOutputs] = {};
  alignas(64) float sums[kBlockPixels * kBlockOutputs];
  if (output.count > static_cast<size_t>(kBlockPixels / 2)) {
    multiply<true>(block, sums);
  } else {
    multiply<false>(block, sums);
  }
  if (epilogue.bias == nullptr) {
    epilogue.bias = zeros;
  }
  dispatch_epilogue(
      epilogue, [&](auto op) { write_block<decltype(op)>(sums, output, epilogue, accumulate); });
}

} // namespace

const Bf16Kernels amx_kernels{begin, end, round, convolve};

} // namespace fastconv::conv
