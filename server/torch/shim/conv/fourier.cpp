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

namespace iopaint::conv {
namespace {

constexpr int64_t kImageAxes[] = {-2, -1};
const at::TensorOptions kChannelsLast = at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast);

c10::optional<c10::string_view> view(const Norm &norm) {
  return norm ? c10::optional<c10::string_view>(*norm) : c10::nullopt;
}

class TransformAxis {
public:
  explicit TransformAxis(int64_t size) : size_(static_cast<size_t>(size)) {
    size_t left = size_;
    for (size_t radix = 4; left > 1;) {
      if (left % radix == 0) {
        radices_.push_back(radix);
        left /= radix;
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

  bool suits() const { return *std::max_element(radices_.begin(), radices_.end()) <= kLargestRadix; }
  FourierAxis plan() const { return {size_, radices_.data(), radices_.size(), roots_.data()}; }

private:
  size_t size_;
  std::vector<size_t> radices_;
  std::vector<float> roots_;
};

float scale(const Norm &norm, bool inverse, int64_t pixels) {
  const double root = norm == "ortho" ? 0.5 : (norm == "forward") != inverse ? 1 : 0;
  return static_cast<float>(1 / std::pow(static_cast<double>(pixels), root));
}

bool is_image(const at::Tensor &tensor) {
  return tensor.dim() == 4 && tensor.scalar_type() == at::kFloat && tensor.is_cpu() && tensor.numel() > 0;
}

// The last channels of an image, fewer than fill a vector: `count` pixels of `valid` floats, `step` apart, to vectors of
// `lanes` and back.
struct Rest {
  int64_t step, valid, lanes;

  void take(const float *from, int64_t count, float *to) const {
    std::memset(to, 0, static_cast<size_t>(count * lanes) * sizeof(float));
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * lanes, from + i * step, static_cast<size_t>(valid) * sizeof(float));
    }
  }

  void give(const float *from, int64_t count, float *to) const {
    for (int64_t i = 0; i < count; ++i) {
      std::memcpy(to + i * step, from + i * lanes, static_cast<size_t>(valid) * sizeof(float));
    }
  }
};

// Calls `whole(image, channel, memory)` for every block of channels that fills a vector, `rest(...)` for the last ones.
template <class Whole, class Last>
void for_blocks(int64_t images, int64_t channels, int64_t memory_floats, Whole whole, Last rest) {
  const int64_t lanes = static_cast<int64_t>(kernels().lanes), blocks = (channels + lanes - 1) / lanes;
  parallel_for(0, images * blocks, 1, [&](int64_t begin, int64_t end) {
    const at::Tensor memory = at::empty({memory_floats}, at::kFloat);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t channel = i % blocks * lanes;
      if (channel + lanes <= channels) {
        whole(i / blocks, channel, memory.mutable_data_ptr<float>());
      } else {
        rest(i / blocks, channel, memory.mutable_data_ptr<float>());
      }
    }
  });
}

} // namespace

at::Tensor spectrum(const at::Tensor &given, const Norm &norm) {
  TORCH_CHECK(given.dim() == 4, "an image of four dimensions is expected, but it has ", given.dim());
  const int64_t images = given.size(0), channels = given.size(1), height = given.size(2), width = given.size(3);
  const TransformAxis rows(height), columns(width);
  if (!is_image(given) || !rows.suits() || !columns.suits()) {
    const at::Tensor numbers = at::fft_rfftn(given, c10::nullopt, kImageAxes, view(norm));
    return at::cat({at::real(numbers), at::imag(numbers)}, 1);
  }
  const at::Tensor image = given.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t bins = width / 2 + 1, lanes = static_cast<int64_t>(kernels().lanes);
  const int64_t pixels = height * width, numbers = height * bins;
  at::Tensor result = at::empty({images, 2 * channels, height, bins}, kChannelsLast);
  const FourierSize size{rows.plan(), columns.plan()};
  const float factor = scale(norm, false, pixels);
  const float *const from = image.const_data_ptr<float>();
  float *const to = result.mutable_data_ptr<float>();
  const int64_t work = (numbers + 4 * std::max(height, width)) * 2 * lanes, more = (pixels + 2 * numbers) * lanes;
  for_blocks(
      images, channels, channels % lanes == 0 ? work : work + more,
      [&](int64_t i, int64_t channel, float *memory) {
        float *const re = to + i * 2 * channels * numbers + channel;
        kernels().fourier_forward(size, from + i * channels * pixels + channel, static_cast<size_t>(channels), factor,
            re, re + channels, static_cast<size_t>(2 * channels), memory);
      },
      [&](int64_t i, int64_t channel, float *memory) {
        float *const block = memory + work, *const re = block + pixels * lanes, *const im = re + numbers * lanes;
        const int64_t valid = channels - channel;
        Rest{channels, valid, lanes}.take(from + i * channels * pixels + channel, pixels, block);
        kernels().fourier_forward(
            size, block, static_cast<size_t>(lanes), factor, re, im, static_cast<size_t>(lanes), memory);
        float *const out = to + i * 2 * channels * numbers + channel;
        Rest{2 * channels, valid, lanes}.give(re, numbers, out);
        Rest{2 * channels, valid, lanes}.give(im, numbers, out + channels);
      });
  return result;
}

at::Tensor from_spectrum(const at::Tensor &given, at::IntArrayRef sizes, const Norm &norm, const at::Tensor &added) {
  TORCH_CHECK(given.dim() == 4, "a spectrum of four dimensions is expected, but it has ", given.dim());
  TORCH_CHECK(sizes.size() == 2 && sizes[0] > 0 && sizes[1] > 0, "an image can't be of the sizes ", sizes);
  const int64_t images = given.size(0), channels = given.size(1) / 2, height = sizes[0], width = sizes[1];
  const int64_t bins = width / 2 + 1;
  const TransformAxis rows(height), columns(width);
  if (!is_image(given) || height != given.size(2) || bins != given.size(3) || !rows.suits() || !columns.suits()) {
    const at::Tensor numbers =
        at::complex(given.narrow(1, 0, channels).contiguous(), given.narrow(1, channels, channels).contiguous());
    const at::Tensor image = at::fft_irfftn(numbers, sizes, kImageAxes, view(norm));
    return added.defined() ? added + image : image;
  }
  at::Tensor result = at::empty({images, channels, height, width}, kChannelsLast);
  const bool fits = added.defined() && added.sizes() == result.sizes() && added.scalar_type() == at::kFloat &&
                    added.is_cpu();
  const at::Tensor spectrum = given.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor other = fits ? added.contiguous(at::MemoryFormat::ChannelsLast) : at::Tensor();
  const int64_t lanes = static_cast<int64_t>(kernels().lanes), pixels = height * width, numbers = height * bins;
  const FourierSize size{rows.plan(), columns.plan()};
  const float factor = scale(norm, true, pixels);
  const float *const from = spectrum.const_data_ptr<float>();
  const float *const more_pixels = fits ? other.const_data_ptr<float>() : nullptr;
  float *const to = result.mutable_data_ptr<float>();
  const int64_t work = (numbers + 4 * std::max(height, width)) * 2 * lanes, more = 2 * (pixels + numbers) * lanes;
  for_blocks(
      images, channels, channels % lanes == 0 ? work : work + more,
      [&](int64_t i, int64_t channel, float *memory) {
        const float *const re = from + i * 2 * channels * numbers + channel;
        const int64_t offset = i * channels * pixels + channel;
        kernels().fourier_inverse(size, re, re + channels, static_cast<size_t>(2 * channels), factor,
            fits ? more_pixels + offset : nullptr, to + offset, static_cast<size_t>(channels), memory);
      },
      [&](int64_t i, int64_t channel, float *memory) {
        float *const block = memory + work, *const addend = block + pixels * lanes;
        float *const re = addend + pixels * lanes, *const im = re + numbers * lanes;
        const int64_t valid = channels - channel, offset = i * channels * pixels + channel;
        const float *const in = from + i * 2 * channels * numbers + channel;
        Rest{2 * channels, valid, lanes}.take(in, numbers, re);
        Rest{2 * channels, valid, lanes}.take(in + channels, numbers, im);
        if (fits) {
          Rest{channels, valid, lanes}.take(more_pixels + offset, pixels, addend);
        }
        kernels().fourier_inverse(size, re, im, static_cast<size_t>(lanes), factor, fits ? addend : nullptr, block,
            static_cast<size_t>(lanes), memory);
        Rest{channels, valid, lanes}.give(block, pixels, to + offset);
      });
  return added.defined() && !fits ? added + result : result;
}

at::Tensor halves(int64_t channels) {
  const auto integers = at::TensorOptions(at::kLong);
  return at::cat({at::arange(0, channels, 2, integers), at::arange(1, channels, 2, integers)});
}

at::Tensor in_halves(const at::Tensor &spectrum) { return spectrum.index_select(1, halves(spectrum.size(1))); }

at::Tensor in_turns(const at::Tensor &spectrum) {
  return spectrum.index_select(1, halves(spectrum.size(1)).argsort());
}

} // namespace iopaint::conv
