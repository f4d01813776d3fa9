#include "kernels.h"

#include <string>

#include <ATen/Version.h>

namespace iopaint::conv {
namespace {

struct Choice {
  const Kernels *kernels;
  const char *name;
};

Choice choose() {
#if defined(__x86_64__)
  const std::string capability = at::get_cpu_capability();
  if (capability == "AVX512") {
    return {&avx512_kernels, "AVX-512"};
  }
  if (capability == "AVX2") {
    return {&avx2_kernels, "AVX2"};
  }
#endif
  return {&portable_kernels, "portable"};
}

const Choice &choice() {
  static const Choice chosen = choose();
  return chosen;
}

} // namespace

const Kernels &kernels() { return *choice().kernels; }

const char *kernels_name() { return choice().name; }

} // namespace iopaint::conv
