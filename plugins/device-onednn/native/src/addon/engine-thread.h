#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace refold {

/**
 * The one thread that computes, with its OpenMP team: a team belongs to the thread that starts it, so a second thread
 * would bring a second team onto the same cores. Tasks run in the order of their coming.
 */
class EngineThread {
 public:
  static EngineThread& instance();
  void post(std::function<void()> task);
  void setThreads(int count);
  int threads() const { return threads_; }
  /** Runs something while no task does; from another thread. */
  void betweenTasks(const std::function<void()>& body);

 private:
  EngineThread();
  void loop();
  /** Held while a task runs. */
  std::mutex running_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  int threads_;
};

}  // namespace refold
