// libtorch's matrix multiplication on plain memory.
#pragma once

#include <cstdint>

namespace iopaint::conv {

// A matrix of rows that are `stride` floats apart, or its transpose.
struct Matrix {
  const float *data;
  int64_t stride;
  bool transposed = false;
};

// c [m, n] = a [m, k] b [k, n], added to c where `accumulate`. Uses one thread inside a parallel region.
void gemm(
    int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float *c, int64_t c_stride, bool accumulate);

} // namespace iopaint::conv
