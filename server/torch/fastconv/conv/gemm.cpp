#include "gemm.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>

// The BLAS inside libtorch (MKL, OpenBLAS, Accelerate). Weak: if a libtorch doesn't export it, `gemm` uses
// tensors, which costs some microseconds per call.
extern "C" __attribute__((weak)) void sgemm_(const char *transa, const char *transb, const int *m,
    const int *n, const int *k, const float *alpha, const float *a, const int *lda, const float *b,
    const int *ldb, const float *beta, float *c, const int *ldc);

namespace fastconv::conv {
namespace {

at::Tensor view(int64_t rows, int64_t columns, Matrix matrix) {
  float *data = const_cast<float *>(matrix.data);
  return matrix.transposed ? at::from_blob(data, {rows, columns}, {1, matrix.stride})
                           : at::from_blob(data, {rows, columns}, {matrix.stride, 1});
}

} // namespace

void gemm(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float *c, int64_t c_stride, bool accumulate) {
  if (m == 0 || n == 0) {
    return;
  }
  if (sgemm_ != nullptr) {
    // BLAS is column-major, so each matrix appears transposed: c' = b' a'.
    const int rows = static_cast<int>(n), columns = static_cast<int>(m), depth = static_cast<int>(k);
    const int lda = static_cast<int>(b.stride), ldb = static_cast<int>(a.stride),
              ldc = static_cast<int>(c_stride);
    const float one = 1, beta = accumulate ? 1 : 0;
    sgemm_(b.transposed ? "T" : "N", a.transposed ? "T" : "N", &rows, &columns, &depth, &one, b.data, &lda,
        a.data, &ldb, &beta, c, &ldc);
    return;
  }
  const c10::InferenceMode inference;
  at::Tensor out = view(m, n, {c, c_stride});
  const at::Tensor left = view(m, k, a), right = view(k, n, b);
  if (accumulate) {
    at::addmm_out(out, out, left, right);
  } else {
    at::mm_out(out, left, right);
  }
}

} // namespace fastconv::conv
