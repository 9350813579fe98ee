#pragma once
#include <napi.h>
#include <atomic>
#include <list>
#include <mutex>
#include "../engine/session.h"
#include "promised.h"

namespace refold {

/** `NativeSession` of src/native/native-addon.ts. */
class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static void define(Napi::Env);
  static Napi::Value load(const Napi::CallbackInfo&);
  explicit SessionObject(const Napi::CallbackInfo&);
  ~SessionObject() override;
  /** Sessions that hold memory. */
  static std::atomic<int> open;

 private:
  /** What the engine's thread shares with this object; outlives it while work is queued. */
  struct Shared;
  Napi::Value compiled(const Napi::CallbackInfo&);
  Napi::Value backward(const Napi::CallbackInfo&);
  Napi::Value infer(const Napi::CallbackInfo&);
  Napi::Value update(const Napi::CallbackInfo&);
  Napi::Value readBucket(const Napi::CallbackInfo&);
  Napi::Value waitForBucket(const Napi::CallbackInfo&);
  Napi::Value await(const Napi::CallbackInfo&, float* target, bool copies);
  Napi::Value borrowBucket(const Napi::CallbackInfo&);
  Napi::Value gradientFloats(const Napi::CallbackInfo&);
  Napi::Value keepGradientsIn(const Napi::CallbackInfo&);
  void detachViews();
  Napi::Value writeBucket(const Napi::CallbackInfo&);
  Napi::Value read(const Napi::CallbackInfo&);
  Napi::Value write(const Napi::CallbackInfo&);
  Napi::Value setStep(const Napi::CallbackInfo&);
  Napi::Value close(const Napi::CallbackInfo&);
  Napi::Value post(Napi::Env, Napi::Value kept, std::function<Promised::Result(Session&)> work);
  std::shared_ptr<Shared> shared_;
};

}  // namespace refold
