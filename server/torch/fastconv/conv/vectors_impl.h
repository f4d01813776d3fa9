// Vectors of floats. Included by kernels_impl.h and subject to its rules.
#pragma once

namespace fastconv::conv {
namespace {

template <int Width> struct VectorOf {
  typedef float type __attribute__((vector_size(Width * sizeof(float))));
};
template <> struct VectorOf<1> {
  using type = float;
};

#define FASTCONV_INLINE inline __attribute__((always_inline))

template <class V> FASTCONV_INLINE V load(const float *from) {
  V value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <class V> FASTCONV_INLINE void store(float *to, V value) {
  __builtin_memcpy(to, &value, sizeof value);
}

} // namespace
} // namespace fastconv::conv
