#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>
#include "plan.h"
#include "rule-evaluator.h"

namespace refold {

struct Outcome {
  double loss, forwardMs, backwardMs;
  int correct;
  /** [region][forward, backward] */
  std::vector<double> regionMs;
};

/**
 * One compiled program with its weights. Everything runs on the engine's thread, but for `copyBucket`, `writeBucket` and
 * `isFinished`, which other threads may call for a bucket that the running backward has finished.
 */
class Session {
 public:
  Session(Program, const std::vector<const float*>& tensors);
  Outcome backward(const Batch&);
  std::vector<float> infer(const Batch&);
  void update(double rate, double step);
  void setStep(double step) { step_ = step; }
  /** Parameters, buffers, then slots. */
  size_t tensorCount() const;
  size_t tensorSize(int index) const;
  float* tensor(int index) const;

  int bucketCount() const { return int(program_.buckets.size()); }
  size_t bucketSize(int bucket) const;
  /** Backward passes that have finished this bucket since the session began. */
  int finishedPasses(int bucket) const { return finished_[bucket]; }
  void copyBucket(int bucket, float* to) const;
  /** The sums themselves, with padding between parameters. */
  float* bucketMemory(int bucket) const;
  size_t bucketFloats(int bucket) const;
  size_t gradientFloats() const { return weights_.gradientFloats(); }
  /** Before the first pass: gradients of all buckets lie there from now on. */
  void keepGradientsIn(float* memory) { weights_.keepGradientsIn(memory); }
  int passesIn(int bucket) const { return passes_[bucket]; }
  /** Sums of `count` gradients. */
  void writeBucket(int bucket, const float* values, int count);
  /** For batch norms of training; set before the first pass. */
  StatisticsGroup statistics;
  /** Called on the engine's thread after each bucket of a backward pass. */
  std::function<void(int bucket)> onBucket = [](int) {};

  const Program& program() const { return program_; }
  double compileMs() const { return compileMs_; }
  size_t arenaBytes() const { return arena_.bytes() + scratch_.bytes(); }
  size_t weightBytes() const;
  std::vector<Operation> operations() const;

 private:
  Plan& plan(Plan::Kind, int images);
  int bucketEnd(int bucket) const;
  void finishBuckets(int step, bool adds);

  Program program_;
  Weights weights_;
  RuleEvaluator rule_;
  std::map<std::pair<int, int>, std::unique_ptr<Plan>> plans_;
  Memory arena_, scratch_;
  /** Step whose backward is the last to write into each bucket; −1: none does. */
  std::vector<int> bucketStep_;
  /** Parameters that no step uses: their gradients are zero. */
  std::vector<int> unused_;
  std::vector<std::atomic<int>> finished_, passes_;
  double step_ = 0, compileMs_ = 0;
  int passesSinceUpdate_ = 0;
};

}  // namespace refold
