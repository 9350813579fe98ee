#pragma once
#include <memory>
#include "environment.h"

namespace refold {

/** A JavaScript function that the engine's thread calls. */
class RemoteFunction {
 public:
  /** On JavaScript's thread. */
  RemoteFunction(Napi::Env env, Napi::Function function);
  /** From any thread: the reference is let go of on JavaScript's. */
  ~RemoteFunction();
  /**
   * Calls it with the values as a Float64Array, waits, and takes over what it left in the array.
   * @throws std::runtime_error where it throws, or the environment ends meanwhile
   */
  void operator()(double* values, size_t count) const;

 private:
  std::shared_ptr<Environment> environment_;
  std::shared_ptr<Napi::FunctionReference> function_;
};

}  // namespace refold
