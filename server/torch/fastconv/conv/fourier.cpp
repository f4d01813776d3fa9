#include "fourier.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/fft_irfftn.h>
#include <ATen/ops/fft_rfftn.h>
#include <ATen/ops/imag.h>
#include <ATen/ops/real.h>
#include <c10/util/Exception.h>

#include "kernels.h"
#include "parallel.h"

namespace fastconv::conv {
namespace {

constexpr int64_t kImageAxes[] = {-2, -1};
const at::TensorOptions kChannelsLast =
    at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast);

c10::optional<c10::string_view> view(const FftNorm &norm) {
  return norm ? c10::optional<c10::string_view>(*norm) : c10::nullopt;
}

// Factors a transform's length into radices of 4, 2 and odd primes, and computes its roots of unity.
class AxisPlan {
public:
  explicit AxisPlan(int64_t size) : size_(static_cast<size_t>(size)) {
    size_t remaining = size_;
    for (size_t radix = 4; remaining > 1;) {
      if (remaining % radix == 0) {
        radices_.push_back(radix);
        remaining /= radix;
      } else {
        radix = radix == 4 ? 2 : radix == 2 ? 3 : radix + 2;
      }
    }
    if (radices_.empty()) {
      radices_.push_back(1);
    }
    for (size_t i = 0; i < size_; ++i) {
      const double angle = -2 * M_PI * static_cast<double>(i) / static_cast<double>(size_);
      roots_.push_back(static_cast<float>(std::cos(angle)));
      roots_.push_back(static_cast<float>(std::sin(angle)));
    }
  }

  bool is_supported() const { return *std::max_element(radices_.begin(), radices_.end()) <= kMaxRadix; }
  FourierAxis plan() const { return {size_, radices_.data(), radices_.size(), roots_.data()}; }

private:
  size_t size_;
  std::vector<size_t> radices_;
  std::vector<float> roots_;
};

// Returns the factor of a transform of `pixels` pixels: 1, 1 / sqrt(pixels) or 1 / pixels.
float norm_factor(const FftNorm &norm, bool inverse, int64_t pixels) {
  const double exponent = norm == "ortho" ? 0.5 : (norm == "forward") != inverse ? 1 : 0;
  return static_cast<float>(1 / std::pow(static_cast<double>(pixels), exponent));
}

// Returns true for tensors that the kernels can transform.
bool is_image(const at::Tensor &tensor) {
  return tensor.dim() == 4 && tensor.scalar_type() == at::kFloat && tensor.is_cpu() && tensor.numel() > 0;
}

// The last channel block of an image, if it has only `valid` channels. Copies pixels, `step` floats apart, to
// and from vectors of `lanes` floats padded with zeros.
struct PartialBlock {
  int64_t step, valid, lanes;

  void gather(const float *from, int64_t count, float *to) const {
    std::memset(to, 0, static_cast<size_t>(count * lanes) * sizeof(float));
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * lanes, from + i * step, static_cast<size_t>(valid) * sizeof(float));
    }
  }

  void scatter(const float *from, int64_t count, float *to) const {
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * step, from + i * lanes, static_cast<size_t>(valid) * sizeof(float));
    }
  }
};

// Calls `full(image, channel, scratch)` for each channel block, or `partial(...)` if the last one is
// incomplete.
template <class Full, class Partial>
void for_channel_blocks(
    int64_t images, int64_t channels, int64_t scratch_floats, Full full, Partial partial) {
  const int64_t lanes = static_cast<int64_t>(kernels().lanes), blocks = (channels + lanes - 1) / lanes;
  parallel_for(0, images * blocks, 1, [&](int64_t begin, int64_t end) {
    const at::Tensor scratch = at::empty({scratch_floats}, at::kFloat);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t channel = i % blocks * lanes;
      if (channel + lanes <= channels) {
        full(i / blocks, channel, scratch.mutable_data_ptr<float>());
      } else {
        partial(i / blocks, channel, scratch.mutable_data_ptr<float>());
      }
    }
  });
}

} // namespace

at::Tensor rfft2(const at::Tensor &input, const FftNorm &norm) {
  TORCH_CHECK(input.dim() == 4, "an image must have four dimensions, but has ", input.dim());
  const int64_t images = input.size(0), channels = input.size(1), height = input.size(2),
                width = input.size(3);
  const AxisPlan rows(height), columns(width);
  if (!is_image(input) || !rows.is_supported() || !columns.is_supported()) {
    const at::Tensor complex = at::fft_rfftn(input, c10::nullopt, kImageAxes, view(norm));
    return at::cat({at::real(complex), at::imag(complex)}, 1);
  }
  const at::Tensor image = input.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t row_bins = width / 2 + 1, lanes = static_cast<int64_t>(kernels().lanes);
  const int64_t pixels = height * width, bins = height * row_bins;
  at::Tensor result = at::empty({images, 2 * channels, height, row_bins}, kChannelsLast);
  const FourierPlan plan{rows.plan(), columns.plan()};
  const float factor = norm_factor(norm, false, pixels);
  const float *const from = image.const_data_ptr<float>();
  float *const to = result.mutable_data_ptr<float>();
  const int64_t work = (bins + 4 * std::max(height, width)) * 2 * lanes,
                partial_floats = (pixels + 2 * bins) * lanes;
  for_channel_blocks(
      images, channels, channels % lanes == 0 ? work : work + partial_floats,
      [&](int64_t i, int64_t channel, float *scratch) {
        float *const re = to + i * 2 * channels * bins + channel;
        kernels().fourier_forward(plan, from + i * channels * pixels + channel, static_cast<size_t>(channels),
            factor, re, re + channels, static_cast<size_t>(2 * channels), scratch);
      },
      [&](int64_t i, int64_t channel, float *scratch) {
        float *const block = scratch + work, *const re = block + pixels * lanes,
                     *const im = re + bins * lanes;
        const int64_t valid = channels - channel;
        PartialBlock{channels, valid, lanes}.gather(from + i * channels * pixels + channel, pixels, block);
        kernels().fourier_forward(
            plan, block, static_cast<size_t>(lanes), factor, re, im, static_cast<size_t>(lanes), scratch);
        float *const out = to + i * 2 * channels * bins + channel;
        PartialBlock{2 * channels, valid, lanes}.scatter(re, bins, out);
        PartialBlock{2 * channels, valid, lanes}.scatter(im, bins, out + channels);
      });
  return result;
}

at::Tensor irfft2(
    const at::Tensor &input, at::IntArrayRef sizes, const FftNorm &norm, const at::Tensor &addend) {
  TORCH_CHECK(input.dim() == 4, "a spectrum must have four dimensions, but has ", input.dim());
  TORCH_CHECK(sizes.size() == 2 && sizes[0] > 0 && sizes[1] > 0, "invalid image size ", sizes);
  const int64_t images = input.size(0), channels = input.size(1) / 2, height = sizes[0], width = sizes[1];
  const int64_t row_bins = width / 2 + 1;
  const AxisPlan rows(height), columns(width);
  if (!is_image(input) || height != input.size(2) || row_bins != input.size(3) || !rows.is_supported() ||
      !columns.is_supported()) {
    const at::Tensor complex = at::complex(
        input.narrow(1, 0, channels).contiguous(), input.narrow(1, channels, channels).contiguous());
    const at::Tensor image = at::fft_irfftn(complex, sizes, kImageAxes, view(norm));
    return addend.defined() ? addend + image : image;
  }
  at::Tensor result = at::empty({images, channels, height, width}, kChannelsLast);
  const bool matches_output = addend.defined() && addend.sizes() == result.sizes() &&
                              addend.scalar_type() == at::kFloat && addend.is_cpu();
  const at::Tensor spectrum = input.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor aligned_addend =
      matches_output ? addend.contiguous(at::MemoryFormat::ChannelsLast) : at::Tensor();
  const int64_t lanes = static_cast<int64_t>(kernels().lanes), pixels = height * width,
                bins = height * row_bins;
  const FourierPlan plan{rows.plan(), columns.plan()};
  const float factor = norm_factor(norm, true, pixels);
  const float *const from = spectrum.const_data_ptr<float>();
  const float *const addend_pixels = matches_output ? aligned_addend.const_data_ptr<float>() : nullptr;
  float *const to = result.mutable_data_ptr<float>();
  const int64_t work = (bins + 4 * std::max(height, width)) * 2 * lanes,
                partial_floats = 2 * (pixels + bins) * lanes;
  for_channel_blocks(
      images, channels, channels % lanes == 0 ? work : work + partial_floats,
      [&](int64_t i, int64_t channel, float *scratch) {
        const float *const re = from + i * 2 * channels * bins + channel;
        const int64_t offset = i * channels * pixels + channel;
        kernels().fourier_inverse(plan, re, re + channels, static_cast<size_t>(2 * channels), factor,
            matches_output ? addend_pixels + offset : nullptr, to + offset, static_cast<size_t>(channels),
            scratch);
      },
      [&](int64_t i, int64_t channel, float *scratch) {
        float *const block = scratch + work, *const addend_block = block + pixels * lanes;
        float *const re = addend_block + pixels * lanes, *const im = re + bins * lanes;
        const int64_t valid = channels - channel, offset = i * channels * pixels + channel;
        const float *const in = from + i * 2 * channels * bins + channel;
        PartialBlock{2 * channels, valid, lanes}.gather(in, bins, re);
        PartialBlock{2 * channels, valid, lanes}.gather(in + channels, bins, im);
        if (matches_output) {
          PartialBlock{channels, valid, lanes}.gather(addend_pixels + offset, pixels, addend_block);
        }
        kernels().fourier_inverse(plan, re, im, static_cast<size_t>(lanes), factor,
            matches_output ? addend_block : nullptr, block, static_cast<size_t>(lanes), scratch);
        PartialBlock{channels, valid, lanes}.scatter(block, pixels, to + offset);
      });
  return addend.defined() && !matches_output ? addend + result : result;
}

at::Tensor planar_order(int64_t channels) {
  const auto integers = at::TensorOptions(at::kLong);
  return at::cat({at::arange(0, channels, 2, integers), at::arange(1, channels, 2, integers)});
}

at::Tensor to_planar(const at::Tensor &spectrum) {
  return spectrum.index_select(1, planar_order(spectrum.size(1)));
}

at::Tensor to_interleaved(const at::Tensor &spectrum) {
  return spectrum.index_select(1, planar_order(spectrum.size(1)).argsort());
}

} // namespace fastconv::conv
