#include "bridge.h"

#include <cstdlib>
#include <exception>
#include <istream>
#include <memory>
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

#include "../common/guarded.h"
#include "../fastconv/fastconv.h"
#include "archive.h"
#include "frozen_graph.h"
#include "layout.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

struct iopaint_module {
  // The frozen module; empty if its graph was rewritten.
  torch::jit::Module module;
  // The rewritten graph and its first argument: the module if attributes of it remain, otherwise none.
  torch::jit::Code code;
  c10::IValue self;
};

namespace {

c10::Device to_device(iopaint_device device) {
  return device < 0 ? c10::Device(c10::kCPU) : c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device));
}

// A read-only stream buffer over memory that it doesn't own, so that built-in weights aren't copied.
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

torch::jit::Module load_file(const std::string &path, c10::Device device) {
  if (device.is_cpu()) {
    try {
      return iopaint::load_archive(path);
    } catch (const std::exception &) {
      // It reads other formats, or reports the error.
      return torch::jit::load(path, device);
    }
  }
  return torch::jit::load(path, device);
}

// Freezes a module. A file that was saved frozen lacks the training flag and can't be frozen again; it is
// returned as it is. `fold`: folds batch norms into convolutions, which allocates new weights beside the old
// ones.
torch::jit::Module prepare(torch::jit::Module module, bool fold) {
  module.eval();
  try {
    return torch::jit::freeze(module, std::nullopt, fold);
  } catch (const std::exception &) {
    return module;
  }
}

// Returns memory that was freed during loading to the system.
void trim() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// Rewrites a frozen graph. `self`: its first argument, kept only if attributes of it remain. Returns null if
// fastconv fails, which leaves the graph half changed.
std::unique_ptr<iopaint_module> rewrite(
    std::shared_ptr<torch::jit::Graph> graph, const c10::IValue &self, bool bf16, char **counts) {
  if (!fastconv_rewrite(reinterpret_cast<fastconv_graph *>(&graph), bf16, counts, nullptr)) {
    return nullptr;
  }
  auto result = std::make_unique<iopaint_module>();
  result->code = torch::jit::Code(graph, "forward");
  if (graph->inputs()[0]->hasUses()) {
    result->self = self;
  }
  return result;
}

// Loads and rewrites a model; null if it can't be rewritten.
template <typename Load>
std::unique_ptr<iopaint_module> load_rewritten(const Load &load, bool bf16, char **counts) {
  try {
    // `load` runs in a statement of its own: its temporaries hold the weights until the end of the full
    // expression.
    torch::jit::Module module = load();
    module.eval();
    if (std::shared_ptr<torch::jit::Graph> graph = iopaint::frozen_graph(module)) {
      // The graph holds the weights from here on, so that they can be freed one by one.
      module = torch::jit::Module();
      return rewrite(std::move(graph), c10::IValue(), bf16, counts);
    }
    const torch::jit::Module frozen = prepare(std::move(module), false);
    return rewrite(frozen.get_method("forward").graph(), frozen._ivalue(), bf16, counts);
  } catch (const std::exception &) {
    return nullptr;
  }
}

template <typename Load>
std::unique_ptr<iopaint_module> load_module(const Load &load, const iopaint_loading &loading, char **counts) {
  const c10::InferenceMode inference;
  if (loading.optimize && loading.device < 0) {
    std::unique_ptr<iopaint_module> result = load_rewritten(load, loading.bf16, counts);
    trim();
    if (result != nullptr) {
      return result;
    }
    // If the file itself is broken, loading it below reports the reason.
    free(*counts);
    *counts = nullptr;
  }
  auto result = std::make_unique<iopaint_module>();
  result->module = prepare(load(), true);
  if (loading.channels_last) {
    iopaint::to_channels_last(result->module);
  }
  return result;
}

c10::IValue call(iopaint_module &module, std::vector<c10::IValue> arguments) {
  if (!module.code) {
    return module.module.forward(std::move(arguments));
  }
  for (const c10::IValue &argument : arguments) {
    TORCH_CHECK(argument.toTensor().dim() == 4, "a rewritten model requires four-dimensional tensors");
  }
  arguments.insert(arguments.begin(), module.self);
  torch::jit::InterpreterState(module.code).run(arguments);
  return std::move(arguments.back());
}

// Passes the tensors of a result to `receive`.
void deliver(const c10::IValue &output, iopaint_receiver receive, void *context) {
  const auto pass = [&](const char *key, const at::Tensor &tensor) {
    receive(context, key, new at::Tensor(tensor));
  };
  if (output.isTensor()) {
    pass(nullptr, output.toTensor());
  } else if (output.isTuple()) {
    for (const c10::IValue &element : output.toTupleRef().elements()) {
      TORCH_CHECK(element.isTensor(), "the model returned a tuple with a value other than a tensor");
      pass(nullptr, element.toTensor());
    }
  } else if (output.isGenericDict()) {
    for (const auto &entry : output.toGenericDict()) {
      const std::string key = entry.key().isString() ? entry.key().toStringRef() : std::string();
      if (entry.value().isTensor()) {
        pass(key.c_str(), entry.value().toTensor());
      } else if (entry.value().isInt()) {
        pass(key.c_str(), at::scalar_tensor(entry.value().toInt(), at::kLong));
      }
    }
  } else {
    TORCH_CHECK(false, "the model returned a value other than tensors");
  }
}

} // namespace

extern "C" {

iopaint_module *iopaint_module_load_file(
    const char *path, const iopaint_loading *loading, char **rewrite_counts, char **error) {
  iopaint_module *result = nullptr;
  iopaint::guarded(error, [&] {
    const auto load = [&] { return load_file(path, to_device(loading->device)); };
    result = load_module(load, *loading, rewrite_counts).release();
  });
  return result;
}

iopaint_module *iopaint_module_load_bytes(
    const void *bytes, size_t size, const iopaint_loading *loading, char **rewrite_counts, char **error) {
  iopaint_module *result = nullptr;
  iopaint::guarded(error, [&] {
    const auto load = [&] {
      MemoryBuffer buffer(bytes, size);
      std::istream stream(&buffer);
      return torch::jit::load(stream, to_device(loading->device));
    };
    result = load_module(load, *loading, rewrite_counts).release();
  });
  return result;
}

iopaint_module *iopaint_module_compile(const char *source, const char *const *names,
    at::Tensor *const *tensors, size_t count, const iopaint_loading *loading, char **rewrite_counts,
    char **error) {
  iopaint_module *result = nullptr;
  iopaint::guarded(error, [&] {
    const auto compile = [&] {
      torch::jit::Module module("network");
      // Freezing requires the flag.
      module.register_attribute("training", c10::BoolType::get(), false);
      for (size_t i = 0; i < count; ++i) {
        module.register_buffer(names[i], tensors[i]->to(to_device(loading->device)));
      }
      module.define(source);
      return module;
    };
    result = load_module(compile, *loading, rewrite_counts).release();
  });
  return result;
}

void iopaint_module_free(iopaint_module *module) {
  iopaint::guarded(nullptr, [&] { delete module; });
}

at::Tensor *iopaint_module_forward(iopaint_module *module, at::Tensor *const *inputs, size_t count, bool tune,
    bool *out_of_memory, char **error) {
  at::Tensor *result = nullptr;
  const iopaint::Failure failure = iopaint::guarded(error, [&] {
    const c10::InferenceMode inference;
    if (count > 0 && inputs[0]->is_cuda()) {
      // A global switch; callers don't overlap passes with different values of `tune`.
      at::globalContext().setBenchmarkCuDNN(tune);
    }
    std::vector<c10::IValue> arguments;
    arguments.reserve(count + 1);
    for (size_t i = 0; i < count; ++i) {
      arguments.emplace_back(*inputs[i]);
    }
    const c10::IValue output = call(*module, std::move(arguments));
    TORCH_CHECK(output.isTensor(), "the model returned a value other than one tensor");
    result = new at::Tensor(output.toTensor());
  });
  *out_of_memory = failure == iopaint::Failure::out_of_memory;
  return result;
}

bool iopaint_module_forward_all(iopaint_module *module, at::Tensor *const *inputs, const char *const *names,
    size_t count, iopaint_receiver receive, void *context, bool *out_of_memory, char **error) {
  const iopaint::Failure failure = iopaint::guarded(error, [&] {
    const c10::InferenceMode inference;
    TORCH_CHECK(!module->code, "a rewritten model returns one tensor");
    std::vector<c10::IValue> arguments;
    torch::jit::Kwargs named;
    for (size_t i = 0; i < count; ++i) {
      if (names[i] == nullptr) {
        arguments.emplace_back(*inputs[i]);
      } else {
        named.emplace(names[i], *inputs[i]);
      }
    }
    deliver(module->module.forward(std::move(arguments), named), receive, context);
  });
  *out_of_memory = failure == iopaint::Failure::out_of_memory;
  return failure == iopaint::Failure::none;
}
}
