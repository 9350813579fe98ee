#include "engine-thread.h"
#include <omp.h>

namespace refold {

EngineThread& EngineThread::instance() {
  // Never destroyed: the thread lives as long as the process, and static destructors would pull its queue from under it.
  static EngineThread* one = new EngineThread();
  return *one;
}

EngineThread::EngineThread() : threads_(omp_get_max_threads()) {
  std::thread([this] { loop(); }).detach();
}

void EngineThread::post(std::function<void()> task) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void EngineThread::setThreads(int count) {
  threads_ = count;
  post([count] { omp_set_num_threads(count); });
}

void EngineThread::betweenTasks(const std::function<void()>& body) {
  std::lock_guard<std::mutex> lock(running_);
  body();
}

void EngineThread::loop() {
  omp_set_num_threads(threads_);
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return !tasks_.empty(); });
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    std::lock_guard<std::mutex> lock(running_);
    task();
    // Here, as what it holds belongs to what it has done.
    task = nullptr;
  }
}

}  // namespace refold
