#include "remote-reference.h"

namespace refold {

RemoteReference::RemoteReference(Napi::Env env, Napi::Object object)
    : environment_(Environment::of(env)), object_(std::make_shared<Napi::ObjectReference>(Napi::Persistent(object))) {}

RemoteReference::~RemoteReference() {
  const auto object = object_;
  if (!environment_->call([object](Napi::Env) { object->Reset(); })) object->SuppressDestruct();
}

}  // namespace refold
