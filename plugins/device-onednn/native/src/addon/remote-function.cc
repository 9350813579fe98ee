#include "remote-function.h"
#include <algorithm>

namespace refold {

void RemoteFunction::operator()(double* values, size_t count) const {
  function_.environment()->callAndWait([this, values, count](Napi::Env env) {
    Napi::HandleScope scope(env);
    Napi::Float64Array array = Napi::Float64Array::New(env, count);
    std::copy_n(values, count, array.Data());
    function_.value().As<Napi::Function>().Call({array});
    std::copy_n(array.Data(), count, values);
  });
}

}  // namespace refold
