/** The module's exports; see src/native/native-addon.ts. */
#include <napi.h>
#include "../engine/dnnl-api.h"
#include "engine-thread.h"
#include "read-program.h"
#include "session-object.h"

namespace refold {
namespace {

Napi::Value usage(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("sessions", SessionObject::open.load());
  result.Set("bytes", double(Memory::total.load()));
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  SessionObject::define(env);
  exports.Set("onednnVersion", dnnlVersion());
  exports.Set("isa", kernels().name);
  exports.Set("threads", EngineThread::instance().threads());
  exports.Set("setThreads", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                EngineThread::instance().setThreads(info[0].ToNumber().Int32Value());
              }));
  exports.Set("usage", Napi::Function::New(env, usage));
  exports.Set("load", Napi::Function::New(env, SessionObject::load));
  return exports;
}

}  // namespace
}  // namespace refold

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return refold::initialise(env, exports); }
NODE_API_MODULE(refold_onednn, Init)
