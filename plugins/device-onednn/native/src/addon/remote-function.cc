#include "remote-function.h"
#include <algorithm>

namespace refold {

RemoteFunction::RemoteFunction(Napi::Env env, Napi::Function function)
    : environment_(Environment::of(env)),
      function_(std::make_shared<Napi::FunctionReference>(Napi::Persistent(function))) {}

RemoteFunction::~RemoteFunction() {
  const auto function = function_;
  if (!environment_->call([function](Napi::Env) { function->Reset(); })) function->SuppressDestruct();
}

void RemoteFunction::operator()(double* values, size_t count) const {
  environment_->callAndWait([function = function_, values, count](Napi::Env env) {
    Napi::HandleScope scope(env);
    Napi::Float64Array array = Napi::Float64Array::New(env, count);
    std::copy_n(values, count, array.Data());
    function->Call({array});
    std::copy_n(array.Data(), count, values);
  });
}

}  // namespace refold
