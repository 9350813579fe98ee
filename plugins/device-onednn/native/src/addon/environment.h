#pragma once
#include <napi.h>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

namespace refold {

/**
 * What one JavaScript environment (the main thread's or a worker's) shares with the engine's thread. It ends when the
 * environment does; what still wants to be settled then is dropped.
 */
class Environment {
 public:
  using Handle = std::shared_ptr<Environment>;
  /** Made once, while the addon is initialised. */
  static void make(Napi::Env env, Napi::Function sessionClass);
  static Handle of(Napi::Env env);
  Napi::FunctionReference& sessionClass() { return sessionClass_; }
  /** Calls that are not settled keep the process alive. On JavaScript's thread. */
  void began(Napi::Env env);
  void ended(Napi::Env env);
  bool isAlive() const { return isAlive_; }
  /** Runs something on JavaScript's thread, from any thread. @return whether the environment still lives */
  bool call(std::function<void(Napi::Env)> body);
  /** The same, from the engine's thread, and waits. @throws std::runtime_error what it throws, or where the environment ends */
  void callAndWait(std::function<void(Napi::Env)> body);

 private:
  static void endWithProcess(Napi::Env env, Handle handle);
  void end();
  Napi::FunctionReference sessionClass_;
  Napi::ThreadSafeFunction call_;
  int pending_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> isAlive_{true};
};

}  // namespace refold
