#include "session-object.h"
#include <cstring>
#include "../engine/floats.h"
#include "engine-thread.h"
#include "read-program.h"
#include "remote-function.h"
#include "remote-reference.h"

namespace refold {

std::atomic<int> SessionObject::open{0};

struct SessionObject::Shared {
  std::unique_ptr<Session> session;
  /** Backward passes asked for; written on JavaScript's thread. */
  std::atomic<int> asked{0};
  struct Waiting {
    int bucket, pass;
    std::shared_ptr<Promised> promise;
    /** Where the gradients go; kept by the promise. Null: into a new array. */
    float* target;
    bool copies;
  };
  std::mutex mutex;
  std::list<Waiting> waiting;
  /** Array that gradients lie in, where somebody lends one; written on JavaScript's thread before the first pass. */
  std::unique_ptr<RemoteReference> gradientMemory;

  ~Shared() { release(); }

  /** Counted as open until its memory is given back: who sees no session sees no memory either. */
  void release() {
    if (!session) return;
    session.reset();
    open--;
  }

  /** Serves those who wait for a bucket; on the engine's thread. */
  void serve(int bucket) {
    std::lock_guard<std::mutex> lock(mutex);
    for (auto one = waiting.begin(); one != waiting.end();) {
      if (one->bucket == bucket && session->finishedPasses(bucket) >= one->pass) {
        answer(*one);
        one = waiting.erase(one);
      } else {
        ++one;
      }
    }
  }

  void answer(Waiting& one);
  void rejectAll(const std::string& message) {
    std::lock_guard<std::mutex> lock(mutex);
    for (auto& one : waiting) one.promise->reject("INTERNAL", message);
    waiting.clear();
  }
};

namespace {

/** Property with the arrays over the memory of buckets that were borrowed. */
const char* const kViews = "views";

Napi::Float32Array toArray(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

Batch readBatch(Napi::Object o) {
  const Napi::TypedArray data = o.Get("data").As<Napi::TypedArray>();
  Batch batch{o.Get("images").ToNumber().Int32Value(), o.Get("nhwc").ToBoolean().Value(), nullptr, nullptr, nullptr, nullptr};
  // A Buffer is a Uint8Array; floats are the other kind that there is.
  if (data.TypedArrayType() == napi_float32_array) batch.floats = o.Get("data").As<Napi::Float32Array>().Data();
  else batch.bytes = o.Get("data").As<Napi::Uint8Array>().Data();
  if (o.Get("labels").IsTypedArray()) batch.labels = o.Get("labels").As<Napi::Int32Array>().Data();
  if (o.Get("targets").IsTypedArray()) batch.targets = o.Get("targets").As<Napi::Float32Array>().Data();
  return batch;
}

/** `{ size, sum }`, or undefined. */
StatisticsGroup readGroup(Napi::Value value) {
  if (!value.IsObject()) return {};
  const Napi::Object group = value.As<Napi::Object>();
  const auto sum = std::make_shared<RemoteFunction>(value.Env(), group.Get("sum").As<Napi::Function>());
  return {group.Get("size").ToNumber().Int32Value(), [sum](double* values, size_t count) { (*sum)(values, count); }};
}

}  // namespace

void SessionObject::Shared::answer(Waiting& one) {
  if (!one.copies) return one.promise->resolve(nothing);
  if (one.target) {
    session->copyBucket(one.bucket, one.target);
    return one.promise->resolve(nothing);
  }
  auto values = std::make_shared<std::vector<float>>(session->bucketSize(one.bucket));
  session->copyBucket(one.bucket, values->data());
  one.promise->resolve([values](Napi::Env env) { return toArray(env, *values); });
}

void SessionObject::define(Napi::Env env) {
  Napi::Function function = DefineClass(
      env, "NativeSession",
      {InstanceAccessor<&SessionObject::compiled>("compiled"), InstanceMethod<&SessionObject::backward>("backward"),
       InstanceMethod<&SessionObject::infer>("infer"), InstanceMethod<&SessionObject::update>("update"),
       InstanceMethod<&SessionObject::readBucket>("readBucket"), InstanceMethod<&SessionObject::writeBucket>("writeBucket"),
       InstanceAccessor<&SessionObject::gradientFloats>("gradientFloats"),
       InstanceMethod<&SessionObject::keepGradientsIn>("keepGradientsIn"),
       InstanceMethod<&SessionObject::borrowBucket>("borrowBucket"), InstanceMethod<&SessionObject::waitForBucket>("waitForBucket"),
       InstanceMethod<&SessionObject::read>("read"), InstanceMethod<&SessionObject::write>("write"),
       InstanceMethod<&SessionObject::setStep>("setStep"), InstanceMethod<&SessionObject::close>("close")});
  Environment::make(env, function);
}

Napi::Value SessionObject::load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto promise = Promised::make(env, info[1]);
  try {
    auto program = std::make_shared<Program>(readProgram(info[0].As<Napi::Object>()));
    std::vector<const float*> tensors;
    const Napi::Array list = info[1].As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); i++) tensors.push_back(list.Get(i).As<Napi::Float32Array>().Data());
    const StatisticsGroup group = readGroup(info[2]);
    EngineThread::instance().post([promise, program, tensors, group] {
      promise->settle([&]() -> Promised::Result {
        auto shared = std::make_shared<Shared>();
        shared->session = std::make_unique<Session>(std::move(*program), tensors);
        shared->session->statistics = group;
        open++;
        Shared* raw = shared.get();
        shared->session->onBucket = [raw](int bucket) { raw->serve(bucket); };
        return [shared](Napi::Env e) {
          auto* handle = new std::shared_ptr<Shared>(shared);
          return Environment::of(e)->sessionClass().New({Napi::External<std::shared_ptr<Shared>>::New(e, handle)});
        };
      });
    });
  } catch (const Unsupported& error) {
    promise->reject("UNSUPPORTED", error.what());
  } catch (const std::exception& error) {
    promise->reject("INTERNAL", error.what());
  }
  return promise->promise();
}

SessionObject::SessionObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  std::unique_ptr<std::shared_ptr<Shared>> handle(info[0].As<Napi::External<std::shared_ptr<Shared>>>().Data());
  shared_ = *handle;
}

SessionObject::~SessionObject() {
  // Forgotten without `close`: freed all the same, behind what is queued.
  EngineThread::instance().post([shared = shared_] { shared->release(); });
}

Napi::Value SessionObject::post(Napi::Env env, Napi::Value kept, std::function<Promised::Result(Session&)> work) {
  auto promise = Promised::make(env, kept);
  EngineThread::instance().post([promise, shared = shared_, work] {
    promise->settle([&]() -> Promised::Result {
      if (!shared->session) throw std::runtime_error("The session is closed.");
      return work(*shared->session);
    });
  });
  return promise->promise();
}

Napi::Value SessionObject::compiled(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!shared_->session) return env.Undefined();
  const Session& s = *shared_->session;
  Napi::Object result = Napi::Object::New(env);
  result.Set("compileMs", s.compileMs());
  result.Set("arenaBytes", double(s.arenaBytes()));
  result.Set("weightBytes", double(s.weightBytes()));
  Napi::Array list = Napi::Array::New(env);
  double flops = 0, bytes = 0;
  for (const Operation& each : s.operations()) {
    Napi::Object o = Napi::Object::New(env);
    o.Set("name", each.name);
    o.Set("op", each.op);
    o.Set("pass", each.pass);
    o.Set("algorithm", each.algorithm);
    o.Set("flops", each.flops);
    o.Set("bytes", each.bytes);
    list.Set(list.Length(), o);
    flops += each.flops;
    bytes += each.bytes;
  }
  result.Set("flops", flops);
  result.Set("bytes", bytes);
  result.Set("operations", list);
  return result;
}

Napi::Value SessionObject::backward(const Napi::CallbackInfo& info) {
  shared_->asked++;
  const Batch batch = readBatch(info[0].As<Napi::Object>());
  auto shared = shared_;
  return post(info.Env(), info[0], [batch, shared](Session& session) -> Promised::Result {
    try {
      auto outcome = std::make_shared<Outcome>(session.backward(batch));
      return [outcome](Napi::Env env) {
        Napi::Object result = Napi::Object::New(env);
        result.Set("loss", outcome->loss);
        result.Set("correct", outcome->correct);
        result.Set("forwardMs", outcome->forwardMs);
        result.Set("backwardMs", outcome->backwardMs);
        Napi::Float64Array regions = Napi::Float64Array::New(env, outcome->regionMs.size());
        std::copy(outcome->regionMs.begin(), outcome->regionMs.end(), regions.Data());
        result.Set("regionMs", regions);
        return result;
      };
    } catch (const std::exception& error) {
      shared->asked--;
      shared->rejectAll(error.what());
      throw;
    }
  });
}

Napi::Value SessionObject::infer(const Napi::CallbackInfo& info) {
  const Batch batch = readBatch(info[0].As<Napi::Object>());
  return post(info.Env(), info[0], [batch](Session& session) -> Promised::Result {
    auto logits = std::make_shared<std::vector<float>>(session.infer(batch));
    return [logits](Napi::Env env) { return toArray(env, *logits); };
  });
}

Napi::Value SessionObject::update(const Napi::CallbackInfo& info) {
  const double rate = info[0].ToNumber().DoubleValue(), step = info[1].ToNumber().DoubleValue();
  return post(info.Env(), info.Env().Undefined(), [rate, step](Session& session) -> Promised::Result {
    session.update(rate, step);
    return nothing;
  });
}

Napi::Value SessionObject::readBucket(const Napi::CallbackInfo& info) {
  float* target = info[1].IsTypedArray() ? info[1].As<Napi::Float32Array>().Data() : nullptr;
  return await(info, target, true);
}

Napi::Value SessionObject::waitForBucket(const Napi::CallbackInfo& info) { return await(info, nullptr, false); }

Napi::Value SessionObject::await(const Napi::CallbackInfo& info, float* target, bool copies) {
  auto promise = Promised::make(info.Env(), info[1]);
  Shared::Waiting one{info[0].ToNumber().Int32Value(), shared_->asked, promise, target, copies};
  std::lock_guard<std::mutex> lock(shared_->mutex);
  if (!shared_->session) promise->reject("INTERNAL", "The session is closed.");
  else if (shared_->session->finishedPasses(one.bucket) >= one.pass) shared_->answer(one);
  else shared_->waiting.push_back(one);
  return promise->promise();
}

/** `{ values, count }` of a finished bucket; the array is made once and detached on closing. */
Napi::Value SessionObject::borrowBucket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const uint32_t bucket = info[0].ToNumber().Uint32Value();
  if (!shared_->session) throw Napi::Error::New(env, "The session is closed.");
  Session& session = *shared_->session;
  if (!Value().Has(kViews)) Value().Set(kViews, Napi::Array::New(env));
  Napi::Object views = Value().Get(kViews).As<Napi::Object>();
  if (!views.Has(bucket)) {
    const size_t floats = session.bucketFloats(int(bucket));
    if (shared_->gradientMemory) {
      const auto lent = shared_->gradientMemory->value().As<Napi::Float32Array>();
      const size_t start = size_t(session.bucketMemory(int(bucket)) - lent.Data());
      views.Set(bucket, Napi::Float32Array::New(env, floats, lent.ArrayBuffer(), lent.ByteOffset() + start * sizeof(float)));
    } else {
      Napi::ArrayBuffer memory = Napi::ArrayBuffer::New(env, session.bucketMemory(int(bucket)), floats * sizeof(float));
      // The memory lives as long as somebody can reach it.
      memory.Set("session", Value());
      views.Set(bucket, Napi::Float32Array::New(env, floats, memory, 0));
    }
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("values", views.Get(bucket));
  result.Set("count", session.passesIn(int(bucket)));
  return result;
}

Napi::Value SessionObject::gradientFloats(const Napi::CallbackInfo& info) {
  const double floats = shared_->session ? double(shared_->session->gradientFloats()) : 0;
  return Napi::Number::New(info.Env(), floats);
}

Napi::Value SessionObject::keepGradientsIn(const Napi::CallbackInfo& info) {
  Napi::Float32Array memory = info[0].As<Napi::Float32Array>();
  if (!shared_->session) throw Napi::Error::New(info.Env(), "The session is closed.");
  if (memory.ElementLength() < shared_->session->gradientFloats()) throw Napi::Error::New(info.Env(), "Too little memory.");
  shared_->gradientMemory = std::make_unique<RemoteReference>(info.Env(), memory);
  shared_->session->keepGradientsIn(memory.Data());
  return info.Env().Undefined();
}

/** Their memory is about to go, but for what others lend. */
void SessionObject::detachViews() {
  if (shared_->gradientMemory || !Value().Has(kViews)) return;
  const Napi::Array views = Value().Get(kViews).As<Napi::Array>();
  for (uint32_t i = 0; i < views.Length(); i++)
    if (views.Has(i)) views.Get(i).As<Napi::Float32Array>().ArrayBuffer().Detach();
  Value().Delete(kViews);
}

Napi::Value SessionObject::writeBucket(const Napi::CallbackInfo& info) {
  if (shared_->session)
    shared_->session->writeBucket(info[0].ToNumber().Int32Value(), info[1].As<Napi::Float32Array>().Data(),
                                  info[2].ToNumber().Int32Value());
  auto deferred = Napi::Promise::Deferred::New(info.Env());
  deferred.Resolve(info.Env().Undefined());
  return deferred.Promise();
}

Napi::Value SessionObject::read(const Napi::CallbackInfo& info) {
  return post(info.Env(), info.Env().Undefined(), [](Session& session) -> Promised::Result {
    auto all = std::make_shared<std::vector<std::vector<float>>>();
    for (size_t i = 0; i < session.tensorCount(); i++)
      all->emplace_back(session.tensor(int(i)), session.tensor(int(i)) + session.tensorSize(int(i)));
    return [all](Napi::Env env) {
      Napi::Array list = Napi::Array::New(env, all->size());
      for (size_t i = 0; i < all->size(); i++) list.Set(uint32_t(i), toArray(env, (*all)[i]));
      return list;
    };
  });
}

Napi::Value SessionObject::write(const Napi::CallbackInfo& info) {
  const int index = info[0].ToNumber().Int32Value();
  const float* values = info[1].As<Napi::Float32Array>().Data();
  return post(info.Env(), info[1], [index, values](Session& session) -> Promised::Result {
    std::copy_n(values, session.tensorSize(index), session.tensor(index));
    return nothing;
  });
}

Napi::Value SessionObject::setStep(const Napi::CallbackInfo& info) {
  const double step = info[0].ToNumber().DoubleValue();
  return post(info.Env(), info.Env().Undefined(), [step](Session& session) -> Promised::Result {
    session.setStep(step);
    return nothing;
  });
}

Napi::Value SessionObject::close(const Napi::CallbackInfo& info) {
  detachViews();
  auto promise = Promised::make(info.Env(), info.Env().Undefined());
  EngineThread::instance().post([promise, shared = shared_] {
    shared->rejectAll("The session is closed.");
    shared->release();
    promise->resolve(nothing);
  });
  return promise->promise();
}

}  // namespace refold
