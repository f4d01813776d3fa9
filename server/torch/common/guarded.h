// Turns C++ exceptions into return values at the boundary to Rust. An exception that leaves a function with C
// linkage is undefined behaviour there, so every entry point runs its body inside `guarded`.
#pragma once

#include <cstring>
#include <exception>
#include <new>

#include <c10/util/Exception.h>

namespace iopaint {

enum class Failure { none, out_of_memory, other };

// Copies `text` to `*error` (to be freed with `free`), unless `error` is null. `*error` is null if memory for
// the copy is missing, which also changes the failure to `out_of_memory`.
inline Failure report(char **error, const char *text, Failure failure) noexcept {
  if (error == nullptr) {
    return failure;
  }
  *error = strdup(text);
  return *error == nullptr ? Failure::out_of_memory : failure;
}

// Calls `body` and reports any exception. c10's messages are copied without their C++ backtrace.
template <class Body> Failure guarded(char **error, Body body) noexcept {
  try {
    body();
    return Failure::none;
  } catch (const c10::OutOfMemoryError &exception) {
    return report(error, exception.what_without_backtrace(), Failure::out_of_memory);
  } catch (const std::bad_alloc &) {
    return report(error, "out of memory", Failure::out_of_memory);
  } catch (const c10::Error &exception) {
    return report(error, exception.what_without_backtrace(), Failure::other);
  } catch (const std::exception &exception) {
    return report(error, exception.what(), Failure::other);
  } catch (...) {
    return report(error, "unknown C++ exception", Failure::other);
  }
}

} // namespace iopaint
