// SPDX-License-Identifier: MIT
#pragma once
#include <new>
#include <utility>

#include "abi/status.h"

namespace hyperdbg {

using Status = hyperdbg_status;

// A value or the status that explains its absence. For the image and for what both sides share; user mode's own code
// uses Expected<T> (session/error.hpp).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : status_(HYPERDBG_OK), value_(std::move(value)) {}
  Result(Status status) : status_(status) {}
  Result(const Result& other) : status_(other.status_) {
    if (ok()) new (&value_) T(other.value_);
  }
  Result& operator=(const Result&) = delete;
  ~Result() {
    if (ok()) value_.~T();
  }

  bool ok() const { return status_ == HYPERDBG_OK; }
  Status status() const { return status_; }
  T& value() { return value_; }
  const T& value() const { return value_; }

 private:
  Status status_;
  union {
    T value_;
  };
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Status status) : status_(status) {}
  bool ok() const { return status_ == HYPERDBG_OK; }
  Status status() const { return status_; }
  void value() const {}

 private:
  Status status_ = HYPERDBG_OK;
};

}  // namespace hyperdbg

// Evaluates to the value, or returns the failure to the caller.
#define TRY(expression)                               \
  ({                                                  \
    auto try_result = (expression);                   \
    if (!try_result.ok()) return try_result.status(); \
    try_result.value();                               \
  })
