#include "module.h"

#include <exception>
#include <istream>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/csrc/jit/serialization/import.h>

#include "error.h"
#include "graph/layout.h"
#include "graph/rewrite.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

struct iopaint_module {
  // The model as it was frozen; empty where it was rewritten.
  torch::jit::Module module;
  // The rewritten model, and its first argument: what could not be frozen, or nothing.
  torch::jit::Code code;
  c10::IValue self;
};

namespace {

c10::Device to_device(iopaint_device device) {
  return device < 0 ? c10::Device(c10::kCPU) : c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device));
}

// Reads a model from memory without copying it first: the built-in weights lie in the binary's own pages.
class MemoryBuffer : public std::streambuf {
public:
  MemoryBuffer(const void *bytes, size_t size) {
    char *begin = const_cast<char *>(static_cast<const char *>(bytes));
    setg(begin, begin, begin + size);
  }

protected:
  pos_type seekoff(off_type offset, std::ios_base::seekdir direction, std::ios_base::openmode mode) override {
    if (!(mode & std::ios_base::in)) {
      return pos_type(off_type(-1));
    }
    off_type base = 0;
    if (direction == std::ios_base::cur) {
      base = gptr() - eback();
    } else if (direction == std::ios_base::end) {
      base = egptr() - eback();
    }
    const off_type target = base + offset;
    if (target < 0 || target > egptr() - eback()) {
      return pos_type(off_type(-1));
    }
    setg(eback(), eback() + target, egptr());
    return pos_type(target);
  }

  pos_type seekpos(pos_type position, std::ios_base::openmode mode) override {
    return seekoff(off_type(position), std::ios_base::beg, mode);
  }
};

// A file that was saved frozen has no training flag left and can't be frozen again; it runs as it is. Folding makes new
// weights beside those that are there.
torch::jit::Module prepare(torch::jit::Module module, bool fold) {
  module.eval();
  try {
    return torch::jit::freeze(module, std::nullopt, fold);
  } catch (const std::exception &) {
    return module;
  }
}

// Gives memory that was freed while a model was loaded back to the system.
void trim() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// Changes the module's own graph and frees the module, so that weights are never held twice.
std::unique_ptr<iopaint_module> rewrite(torch::jit::Module module, iopaint_rewritten *rewritten) {
  std::shared_ptr<torch::jit::Graph> graph = module.get_method("forward").graph();
  const iopaint::graph::Rewritten counts = iopaint::graph::rewrite(graph);
  *rewritten = {counts.layers, counts.convolutions, counts.paddings, counts.norms, counts.activations, counts.sums,
      counts.residuals, counts.transforms, counts.winograd, counts.contiguous};
  auto result = std::make_unique<iopaint_module>();
  result->code = torch::jit::Code(graph, "forward");
  if (graph->inputs()[0]->hasUses()) {
    result->self = module._ivalue();
  }
  return result;
}

template <typename Load>
iopaint_module *guarded_load(Load load, const iopaint_loading *loading, iopaint_rewritten *rewritten, char **error) {
  *rewritten = {};
  try {
    const c10::InferenceMode inference;
    if (loading->optimize && loading->device < 0) {
      try {
        // A statement of its own: what was loaded holds its weights until the end of the one it is passed in.
        torch::jit::Module frozen = prepare(load(), false);
        std::unique_ptr<iopaint_module> result = rewrite(std::move(frozen), rewritten);
        trim();
        return result.release();
      } catch (const std::exception &) {
        // The graph is half changed. Whatever is wrong with the model shows when it is loaded as it is.
        *rewritten = {};
      }
    }
    auto result = std::make_unique<iopaint_module>();
    result->module = prepare(load(), true);
    if (loading->channels_last) {
      iopaint::graph::to_channels_last(result->module);
    }
    return result.release();
  } catch (const std::exception &exception) {
    iopaint::set_error(error, iopaint::message_of(exception));
  } catch (...) {
    iopaint::set_error(error, "unknown C++ exception");
  }
  return nullptr;
}

// Says for one pass on a GPU whether cuDNN measures its algorithms. The switch belongs to the process, so such passes take
// turns, as they do on the device.
class Tuned {
public:
  Tuned(bool on_gpu, bool tune) {
    if (on_gpu) {
      static std::mutex passes;
      turn = std::unique_lock(passes);
      at::globalContext().setBenchmarkCuDNN(tune);
    }
  }

private:
  std::unique_lock<std::mutex> turn;
};

c10::IValue call(iopaint_module &module, std::vector<c10::IValue> arguments) {
  if (!module.code) {
    return module.module.forward(std::move(arguments));
  }
  for (const c10::IValue &argument : arguments) {
    TORCH_CHECK(argument.toTensor().dim() == 4, "a rewritten model takes tensors of four dimensions");
  }
  arguments.insert(arguments.begin(), module.self);
  torch::jit::InterpreterState(module.code).run(arguments);
  return std::move(arguments.back());
}

} // namespace

extern "C" {

iopaint_module *iopaint_module_load_file(
    const char *path, const iopaint_loading *loading, iopaint_rewritten *rewritten, char **error) {
  return guarded_load(
      [&] { return torch::jit::load(std::string(path), to_device(loading->device)); }, loading, rewritten, error);
}

iopaint_module *iopaint_module_load_bytes(
    const void *bytes, size_t size, const iopaint_loading *loading, iopaint_rewritten *rewritten, char **error) {
  return guarded_load(
      [&] {
        MemoryBuffer buffer(bytes, size);
        std::istream stream(&buffer);
        return torch::jit::load(stream, to_device(loading->device));
      },
      loading, rewritten, error);
}

void iopaint_module_free(iopaint_module *module) { delete module; }

at::Tensor *iopaint_module_forward(iopaint_module *module, at::Tensor *const *inputs, size_t count, bool tune,
    bool *out_of_memory, char **error) {
  *out_of_memory = false;
  try {
    c10::InferenceMode inference;
    const Tuned tuned(count > 0 && inputs[0]->is_cuda(), tune);
    std::vector<c10::IValue> arguments;
    arguments.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      arguments.emplace_back(*inputs[i]);
    }
    c10::IValue output = call(*module, std::move(arguments));
    if (!output.isTensor()) {
      iopaint::set_error(error, "the model answered something other than one tensor");
      return nullptr;
    }
    return new at::Tensor(output.toTensor());
  } catch (const c10::OutOfMemoryError &exception) {
    *out_of_memory = true;
    iopaint::set_error(error, iopaint::message_of(exception));
  } catch (const std::bad_alloc &) {
    *out_of_memory = true;
    iopaint::set_error(error, "out of memory");
  } catch (const std::exception &exception) {
    iopaint::set_error(error, iopaint::message_of(exception));
  } catch (...) {
    iopaint::set_error(error, "unknown C++ exception");
  }
  return nullptr;
}
}
