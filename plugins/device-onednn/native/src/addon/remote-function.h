#pragma once
#include "remote-reference.h"

namespace refold {

/** A JavaScript function that the engine's thread calls. */
class RemoteFunction {
 public:
  /** On JavaScript's thread. */
  RemoteFunction(Napi::Env env, Napi::Function function) : function_(env, function) {}
  /**
   * Calls it with the values as a Float64Array, waits, and takes over what it left in the array.
   * @throws std::runtime_error where it throws, or the environment ends meanwhile
   */
  void operator()(double* values, size_t count) const;

 private:
  RemoteReference function_;
};

}  // namespace refold
