// Single-precision matrix multiplication with libtorch's BLAS.
#pragma once

#include <cstdint>

namespace fastconv::conv {

// A row-major matrix with `stride` floats between rows, or its transpose.
struct Matrix {
  const float *data;
  int64_t stride;
  bool transposed = false;
};

// Computes c [m, n] = a [m, k] b [k, n], or c += a b if `accumulate`. Single-threaded inside a parallel
// region.
void gemm(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float *c, int64_t c_stride, bool accumulate);

} // namespace fastconv::conv
