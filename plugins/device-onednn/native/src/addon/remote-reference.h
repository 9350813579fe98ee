#pragma once
#include <memory>
#include "environment.h"

namespace refold {

/** Keeps a JavaScript object alive for what the engine's thread does with it. */
class RemoteReference {
 public:
  /** On JavaScript's thread. */
  RemoteReference(Napi::Env env, Napi::Object object);
  /** From any thread: the reference is let go of on JavaScript's. */
  ~RemoteReference();
  RemoteReference(const RemoteReference&) = delete;
  /** On JavaScript's thread. */
  Napi::Object value() const { return object_->Value(); }
  const std::shared_ptr<Environment>& environment() const { return environment_; }

 private:
  std::shared_ptr<Environment> environment_;
  std::shared_ptr<Napi::ObjectReference> object_;
};

}  // namespace refold
