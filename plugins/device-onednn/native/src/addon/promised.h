#pragma once
#include <functional>
#include <memory>
#include <string>
#include "environment.h"

namespace refold {

/** A promise that the engine's thread settles. */
class Promised : public std::enable_shared_from_this<Promised> {
 public:
  using Result = std::function<Napi::Value(Napi::Env)>;
  /** Keeps the process alive until it is settled. @param kept JavaScript values that the work reads */
  static std::shared_ptr<Promised> make(Napi::Env env, Napi::Value kept);
  Napi::Promise promise() const { return deferred_.Promise(); }
  /** From any thread, once; `result` is called on JavaScript's thread. */
  void resolve(Result result);
  void reject(std::string code, std::string message);
  /** Runs work; what it throws rejects, what it returns is the result. Nothing where nobody waits any more. */
  void settle(const std::function<Result()>& work);

 private:
  Promised(Napi::Env env, Napi::Value kept);
  void finish(std::function<void(Napi::Env)> last);
  std::shared_ptr<Environment> environment_;
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference kept_;
};

}  // namespace refold
