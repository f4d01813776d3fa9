#include "kernels.h"

#include <string>

#include <ATen/Version.h>

namespace fastconv::conv {
namespace {

struct InstructionSet {
  const Kernels *kernels;
  const char *name;
};

InstructionSet choose() {
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

const InstructionSet &instruction_set() {
  static const InstructionSet chosen = choose();
  return chosen;
}

} // namespace

const Kernels &kernels() { return *instruction_set().kernels; }

const char *instruction_set_name() { return instruction_set().name; }

} // namespace fastconv::conv
