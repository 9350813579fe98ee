#include "environment.h"
#include "engine-thread.h"

namespace refold {

void Environment::make(Napi::Env env, Napi::Function sessionClass) {
  auto* handle = new Handle(new Environment());
  Environment& one = **handle;
  one.sessionClass_ = Napi::Persistent(sessionClass);
  const auto nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  one.call_ = Napi::ThreadSafeFunction::New(env, nothing, "refold", 0, 1);
  one.call_.Unref(env);
  env.SetInstanceData(handle);
  // After the function, so that it runs before the function ends: hooks run last first.
  napi_add_env_cleanup_hook(env, [](void* data) { std::unique_ptr<Handle>(static_cast<Handle*>(data))->get()->end(); },
                            new Handle(*handle));
  endWithProcess(env, *handle);
}

/** `process.exit` runs no hooks, and then destroys what oneDNN computes with. */
void Environment::endWithProcess(Napi::Env env, Handle handle) {
  const Napi::Object process = env.Global().Get("process").As<Napi::Object>();
  const auto leave = Napi::Function::New(env, [handle](const Napi::CallbackInfo&) { handle->end(); });
  process.Get("once").As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), leave});
}

Environment::Handle Environment::of(Napi::Env env) { return *env.GetInstanceData<Handle>(); }

void Environment::began(Napi::Env env) {
  if (pending_++ == 0) call_.Ref(env);
}

void Environment::ended(Napi::Env env) {
  if (--pending_ == 0) call_.Unref(env);
}

bool Environment::call(std::function<void(Napi::Env)> body) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!isAlive_) return false;
  const auto run = [body = std::move(body)](Napi::Env env, Napi::Function) { body(env); };
  return call_.NonBlockingCall(run) == napi_ok;
}

void Environment::callAndWait(std::function<void(Napi::Env)> body) {
  struct Answer {
    bool isThere = false;
    std::string error;
  };
  auto answer = std::make_shared<Answer>();
  const bool isHeard = call([this, answer, body = std::move(body)](Napi::Env env) {
    try {
      body(env);
    } catch (const Napi::Error& error) {
      answer->error = error.Message().empty() ? "a callback failed" : error.Message();
    }
    std::lock_guard<std::mutex> lock(mutex_);
    answer->isThere = true;
    changed_.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex_);
  if (isHeard) changed_.wait(lock, [&] { return answer->isThere || !isAlive_; });
  if (!answer->isThere) throw std::runtime_error("the JavaScript thread ended");
  if (!answer->error.empty()) throw std::runtime_error(answer->error);
}

/** Waits for the task that runs: it may read this environment's memory. */
void Environment::end() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    isAlive_ = false;
  }
  // The task may be waiting for this thread.
  changed_.notify_all();
  EngineThread::instance().betweenTasks([] {});
}

}  // namespace refold
