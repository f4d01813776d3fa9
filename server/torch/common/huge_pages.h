// Memory in huge pages, where the system has them: the first use of each small page takes half of the time in
// which a model's weights are read or copied.
#pragma once

#include <cstddef>

#include <sys/mman.h>

namespace iopaint {

// A private mapping of zeros.
class HugePages {
public:
  explicit HugePages(size_t size) : size_(size) {
    if (size == 0) {
      return;
    }
    void *const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      size_ = 0;
      return;
    }
    data_ = static_cast<char *>(memory);
#if defined(MADV_HUGEPAGE)
    madvise(memory, size, MADV_HUGEPAGE); // advice: an error changes nothing
#endif
  }

  HugePages(const HugePages &) = delete;
  HugePages &operator=(const HugePages &) = delete;

  ~HugePages() {
    if (data_ != nullptr) {
      munmap(data_, size_);
    }
  }

  // Null if there is no memory.
  char *data() const { return data_; }
  // Size in bytes; 0 if there is no memory.
  size_t size() const { return size_; }

private:
  char *data_ = nullptr;
  size_t size_;
};

} // namespace iopaint
