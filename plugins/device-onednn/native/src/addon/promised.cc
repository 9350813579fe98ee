#include "promised.h"
#include "../engine/memory.h"

namespace refold {

std::shared_ptr<Promised> Promised::make(Napi::Env env, Napi::Value kept) {
  return std::shared_ptr<Promised>(new Promised(env, kept));
}

Promised::Promised(Napi::Env env, Napi::Value kept)
    : environment_(Environment::of(env)), deferred_(Napi::Promise::Deferred::New(env)) {
  if (kept.IsObject()) kept_ = Napi::Persistent(kept.As<Napi::Object>());
  environment_->began(env);
}

void Promised::finish(std::function<void(Napi::Env)> last) {
  const bool isHeard = environment_->call([self = shared_from_this(), last](Napi::Env env) {
    Napi::HandleScope scope(env);
    // The reference belongs to JavaScript's thread and is let go of there.
    self->kept_.Reset();
    self->environment_->ended(env);
    try {
      last(env);
    } catch (const Napi::Error&) {
      // No value can be made where the environment is about to end, and nobody waits for one.
    }
  });
  if (!isHeard) kept_.SuppressDestruct();
}

void Promised::resolve(Result result) {
  finish([this, result](Napi::Env env) { deferred_.Resolve(result(env)); });
}

void Promised::reject(std::string code, std::string message) {
  finish([this, code, message](Napi::Env env) {
    Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", code);
    deferred_.Reject(error.Value());
  });
}

void Promised::settle(const std::function<Result()>& work) {
  if (!environment_->isAlive()) return kept_.SuppressDestruct();
  try {
    resolve(work());
  } catch (const OutOfMemory& error) {
    reject("OUT_OF_MEMORY", error.what());
  } catch (const std::bad_alloc&) {
    reject("OUT_OF_MEMORY", "an allocation failed");
  } catch (const Unsupported& error) {
    reject("UNSUPPORTED", error.what());
  } catch (const std::exception& error) {
    reject("INTERNAL", error.what());
  }
}

}  // namespace refold
