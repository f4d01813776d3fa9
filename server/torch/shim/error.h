// Exceptions of libtorch as texts for people.
#pragma once

#include <cstring>
#include <exception>
#include <string>

#include <c10/util/Exception.h>

namespace iopaint {

inline void set_error(char **error, const std::string &text) {
  if (error != nullptr) {
    *error = strdup(text.c_str());
  }
}

// c10's texts carry a C++ backtrace behind the first message; people are told the message only.
inline std::string message_of(const std::exception &exception) {
  if (const auto *torch_error = dynamic_cast<const c10::Error *>(&exception)) {
    return torch_error->what_without_backtrace();
  }
  return exception.what();
}

} // namespace iopaint
