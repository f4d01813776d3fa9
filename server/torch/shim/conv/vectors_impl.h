// Vectors of floats. Included by kernels_impl.h, whose rules hold here.
#pragma once

namespace iopaint::conv {
namespace {

template <int Width> struct VectorOf {
  typedef float type __attribute__((vector_size(Width * sizeof(float))));
};
template <> struct VectorOf<1> {
  using type = float;
};

#define IOPAINT_INLINE inline __attribute__((always_inline))

template <class V> IOPAINT_INLINE V load(const float *from) {
  V value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <class V> IOPAINT_INLINE void store(float *to, V value) { __builtin_memcpy(to, &value, sizeof value); }

} // namespace
} // namespace iopaint::conv
