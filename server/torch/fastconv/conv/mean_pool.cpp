#include "mean_pool.h"

#include <algorithm>
#include <vector>

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/empty.h>

#include "kernels.h"
#include "parallel.h"

namespace fastconv::conv {
namespace {

// The part of a window inside the image, and the size of the window with its padding.
struct Window {
  int64_t begin, end, padded;

  Window(int64_t output, int64_t kernel, int64_t padding, int64_t size)
      : begin(output - padding), end(std::min(output - padding + kernel, size + padding)),
        padded(end - begin) {
    begin = std::max<int64_t>(begin, 0);
    end = std::min(end, size);
  }

  int64_t count() const { return end - begin; }
};

} // namespace

at::Tensor mean_pool(const at::Tensor &input, const MeanPool &pool) {
  const int64_t kernel_rows = pool.kernel[0], kernel_columns = pool.kernel[1];
  const int64_t padding_rows = pool.padding[0], padding_columns = pool.padding[1];
  const bool possible = input.dim() == 4 && input.scalar_type() == at::kFloat && input.is_cpu() &&
                        input.is_contiguous() && input.numel() > 0 && kernel_rows > 0 && kernel_columns > 0 &&
                        padding_rows >= 0 && padding_columns >= 0 && padding_rows * 2 <= kernel_rows &&
                        padding_columns * 2 <= kernel_columns && kernel_rows <= input.size(2) &&
                        kernel_columns <= input.size(3);
  if (!possible) {
    return at::avg_pool2d(input, pool.kernel, {1, 1}, pool.padding, false, pool.count_include_pad);
  }
  const int64_t height = input.size(2), width = input.size(3);
  const int64_t rows = height + 2 * padding_rows - kernel_rows + 1;
  const int64_t columns = width + 2 * padding_columns - kernel_columns + 1;
  at::Tensor output = at::empty({input.size(0), input.size(1), rows, columns}, at::kFloat);
  const float *const from = input.const_data_ptr<float>();
  float *const to = output.mutable_data_ptr<float>();
  const Kernels &chosen = kernels();
  // Outputs [first, last) of a row have windows inside the image.
  const int64_t first = padding_columns, last = columns - padding_columns;
  parallel_for(0, input.size(0) * input.size(1) * rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float *const plane = from + i / rows * height * width;
      const Window vertical(i % rows, kernel_rows, padding_rows, height);
      const auto means = [&](int64_t output_column, int64_t count) {
        const Window window(output_column, kernel_columns, padding_columns, width);
        const int64_t divisor =
            pool.count_include_pad ? vertical.padded * window.padded : vertical.count() * window.count();
        chosen.window_means(plane + vertical.begin * width + window.begin, static_cast<size_t>(width),
            static_cast<size_t>(vertical.count()), static_cast<size_t>(window.count()),
            static_cast<size_t>(count), static_cast<float>(divisor), to + i * columns + output_column);
      };
      for (int64_t column = 0; column < first; ++column) {
        means(column, 1);
      }
      means(first, last - first);
      for (int64_t column = last; column < columns; ++column) {
        means(column, 1);
      }
    }
  });
  return output;
}

} // namespace fastconv::conv
