#include "archive.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <c10/core/Storage.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/frontend/source_range.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/csrc/jit/serialization/import_read.h>
#include <torch/csrc/jit/serialization/import_source.h>
#include <torch/csrc/jit/serialization/storage_context.h>

#include "../common/huge_pages.h"

// Reads the code that replaces operators of older files. libtorch exports it, without a header. Weak: if a
// libtorch doesn't, the program runs without it.
namespace torch::jit {
__attribute__((weak)) void populate_upgraders_graph_map();
}

namespace iopaint {
namespace {

using caffe2::serialize::PyTorchStreamReader;

// Smaller records are copied, so that they don't take a page each.
constexpr size_t kMinSharedBytes = 1 << 16;
// Offset of the compression method in the header of a zip archive's record, and its value for none.
constexpr size_t kMethodOffset = 8;
constexpr uint16_t kStored = 0;

// An open file.
class File {
public:
  explicit File(const std::string &path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    TORCH_CHECK(descriptor_ >= 0, "can't open the file");
  }

  File(const File &) = delete;
  File &operator=(const File &) = delete;

  ~File() { close(descriptor_); }

  size_t size() const {
    struct stat status{};
    TORCH_CHECK(fstat(descriptor_, &status) == 0, "can't read the file's size");
    return static_cast<size_t>(status.st_size);
  }

  // Reads `size` bytes; returns false if there are fewer.
  bool read(size_t offset, void *to, size_t size) const {
    for (size_t done = 0; done < size;) {
      const ssize_t count =
          pread(descriptor_, static_cast<char *>(to) + done, size - done, static_cast<off_t>(offset + done));
      if (count > 0) {
        done += static_cast<size_t>(count);
      } else if (count == 0 || errno != EINTR) {
        return false;
      }
    }
    return true;
  }

private:
  const int descriptor_;
};

// An uncompressed record of a zip archive.
struct Record {
  std::string name;
  // Position in the file and in memory, where it begins at a page.
  size_t offset, position;
  size_t size;
};

// Large records of an archive in private memory, which a thread of its own reads.
class Records {
public:
  Records(const std::string &path, PyTorchStreamReader &reader) : file_(path) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t file_size = file_.size();
    for (const std::string &name : reader.getAllRecords()) {
      const size_t bytes = reader.getRecordSize(name), offset = reader.getRecordOffset(name);
      uint16_t method = 0;
      if (bytes >= kMinSharedBytes && offset <= file_size && bytes <= file_size - offset &&
          file_.read(reader.getRecordHeaderOffset(name) + kMethodOffset, &method, sizeof(method)) &&
          method == kStored) {
        records_.push_back({name, offset, size_, bytes});
        size_ += (bytes + page - 1) / page * page;
      }
    }
    if (size_ == 0) {
      return;
    }
    pages_ = std::make_unique<HugePages>(size_);
    TORCH_CHECK(pages_->data() != nullptr, "no memory for the file");
    thread_ = std::thread([this] {
      complete_ = std::all_of(records_.begin(), records_.end(),
          [this](const Record &record) { return file_.read(record.offset, at(record), record.size); });
    });
  }

  Records(const Records &) = delete;
  Records &operator=(const Records &) = delete;

  ~Records() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  // Waits until all records were read.
  void finish() {
    if (thread_.joinable()) {
      thread_.join();
    }
    TORCH_CHECK(complete_, "can't read the file");
  }

  const std::vector<Record> &list() const { return records_; }
  char *at(const Record &record) const { return pages_->data() + record.position; }

private:
  const File file_;
  std::vector<Record> records_;
  size_t size_ = 0;
  std::unique_ptr<HugePages> pages_;
  bool complete_ = true;
  std::thread thread_;
};

// A storage's record. Its memory is returned to the system with the storage.
struct Share {
  std::shared_ptr<const Records> records;
  char *data;
  size_t size;
};

void release_share(void *context) {
  const std::unique_ptr<Share> share(static_cast<Share *>(context));
  madvise(share->data, share->size, MADV_DONTNEED);
}

// Returns the storages of the archive `name` that share the memory of their records.
std::shared_ptr<torch::jit::DeserializationStorageContext> shared_storages(
    const std::string &name, const std::shared_ptr<const Records> &records) {
  auto storages = std::make_shared<torch::jit::DeserializationStorageContext>();
  const std::string folder = name + "/";
  for (const Record &record : records->list()) {
    if (record.name.compare(0, folder.size(), folder) == 0) {
      auto share = std::make_unique<Share>(Share{records, records->at(record), record.size});
      char *const data = share->data;
      at::DataPtr pointer(data, share.release(), &release_share, c10::Device(c10::kCPU));
      storages->addStorage(record.name.substr(folder.size()),
          c10::Storage(c10::Storage::use_byte_size_t(), record.size, std::move(pointer), nullptr, false));
    }
  }
  return storages;
}

// Returns the source file of a type; null if there is none.
std::shared_ptr<torch::jit::Source> source_of(PyTorchStreamReader &reader, const std::string &qualifier) {
  std::string path = "code/" + qualifier + ".py";
  std::replace(path.begin(), path.end() - 3, '.', '/');
  if (!reader.hasRecord(path)) {
    return nullptr;
  }
  const auto [data, size] = reader.getRecord(path);
  return std::make_shared<torch::jit::Source>(
      std::string(static_cast<const char *>(data.get()), size), path, 1);
}

} // namespace

torch::jit::Module load_archive(const std::string &path) {
  TORCH_CHECK(
      torch::jit::populate_upgraders_graph_map != nullptr, "this libtorch doesn't export its upgraders");
  PyTorchStreamReader reader(path);
  const auto records = std::make_shared<Records>(path, reader);
  torch::jit::populate_upgraders_graph_map();
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  std::vector<c10::IValue> constants;
  const torch::jit::SourceImporter importer(
      unit, &constants, [&](const std::string &qualifier) { return source_of(reader, qualifier); },
      reader.version());
  const auto resolve = [&](const c10::QualifiedName &name) {
    return c10::StrongTypePtr(unit, importer.loadType(name));
  };
  const auto load_object = [&](const at::StrongTypePtr &type, const c10::IValue &state) {
    const auto object = type.type_->cast<c10::ClassType>();
    if (object && object->findMethod("__setstate__") != nullptr) {
      records->finish(); // the method may read tensors
    }
    return torch::jit::ObjLoaderFunc(type, state);
  };
  const auto read = [&](const std::string &name) {
    return torch::jit::readArchiveAndTensors(name, "", "", resolve, load_object, c10::Device(c10::kCPU),
        reader, torch::jit::Unpickler::defaultTypeParser, shared_storages(name, records));
  };
  const c10::IValue table = read("constants");
  for (const c10::IValue &constant : table.toTupleRef().elements()) {
    constants.push_back(constant);
  }
  torch::jit::Module module(read("data").toObject());
  records->finish();
  return module;
}

} // namespace iopaint
