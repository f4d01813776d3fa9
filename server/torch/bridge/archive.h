#pragma once

#include <string>

#include <torch/csrc/jit/api/module.h>

namespace iopaint {

// Returns the module of a TorchScript file, on the CPU, as torch::jit::load does. Another thread reads the
// file while this one compiles the code, and tensors share the memory into which it was read: large ones
// aren't copied. Their pages are released with them. Throws if the file can't be read so; torch::jit::load
// supports older formats and has better messages.
torch::jit::Module load_archive(const std::string &path);

} // namespace iopaint
