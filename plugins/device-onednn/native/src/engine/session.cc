#include "session.h"
#include <omp.h>
#include <algorithm>
#include "cross-entropy.h"

namespace refold {

Session::Session(Program program, const std::vector<const float*>& tensors)
    : program_(std::move(program)), weights_(program_), rule_(program_.rule), bucketStep_(program_.buckets.size(), -1),
      finished_(program_.buckets.size()), passes_(program_.buckets.size()) {
  const double from = omp_get_wtime();
  for (int i = 0; i < weights_.tensorCount(); i++) std::copy_n(tensors[i], weights_.size(i), weights_.tensor(i));
  // Backward goes from the last step to the first: the smallest index finishes a bucket.
  std::vector<bool> isUsed(program_.parameterCount, false);
  const auto owns = [&](int step, int parameter) {
    if (parameter < 0 || parameter >= program_.parameterCount) return;
    isUsed[parameter] = true;
    for (int b = 0; b < bucketCount(); b++)
      if (parameter >= program_.buckets[b] && parameter < bucketEnd(b) && (bucketStep_[b] < 0 || step < bucketStep_[b]))
        bucketStep_[b] = step;
  };
  for (int s = 0; s < int(program_.steps.size()); s++) {
    owns(s, program_.steps[s].weight);
    owns(s, program_.steps[s].bias);
    for (const BatchNorm& norm : program_.steps[s].norms) {
      owns(s, norm.weight);
      owns(s, norm.bias);
    }
  }
  for (int p = 0; p < program_.parameterCount; p++)
    if (!isUsed[p]) unused_.push_back(p);
  plan(program_.training ? Plan::Kind::training : Plan::Kind::inference, program_.batchSize);
  compileMs_ = (omp_get_wtime() - from) * 1e3;
}

Plan& Session::plan(Plan::Kind kind, int images) {
  auto& plan = plans_[{int(kind), images}];
  if (!plan) {
    auto made = std::make_unique<Plan>(program_, kind, images, !program_.training);
    if (made->arenaBytes() > arena_.bytes()) {
      arena_ = Memory();
      arena_ = Memory(made->arenaBytes(), Pages::small);
    }
    if (made->scratchBytes() > scratch_.bytes()) {
      scratch_ = Memory();
      scratch_ = Memory(made->scratchBytes());
    }
    plan = std::move(made);
  }
  return *plan;
}

Outcome Session::backward(const Batch& batch) {
  Plan& p = plan(Plan::Kind::training, batch.images);
  const bool adds = passesSinceUpdate_ > 0;
  Outcome outcome;
  outcome.regionMs.assign(size_t(program_.regionCount) * 2, 0);
  const uint64_t key = (uint64_t(program_.seed) << 32) ^ (uint64_t(step_) * 0x9e3779b1ull + passesSinceUpdate_) * 0xbf58476d1ce4e5b9ull;
  Run run{arena_.at(), scratch_.at(), weights_, adds ? weights_.passGradients() : weights_.gradients(), key, &statistics};
  const double from = omp_get_wtime();
  p.load(batch, run.arena);
  p.forward(run, outcome.regionMs.data());
  const Loss loss = crossEntropy(program_, batch, p.logits(run.arena), program_.values[program_.output].channels,
                                 p.logitsGradient(run.arena));
  const double between = omp_get_wtime();
  // No step writes these: what somebody wrote from outside must not stay.
  for (int parameter : unused_)
    std::fill_n(run.gradients + weights_.gradientOffset(parameter), weights_.size(parameter), 0.0f);
  finishBuckets(-1, adds);
  p.backward(run, outcome.regionMs.data(), [&](int step) { finishBuckets(step, adds); });
  arena_.preferHugePages();
  passesSinceUpdate_++;
  const double to = omp_get_wtime();
  outcome.loss = loss.loss;
  outcome.correct = loss.correct;
  outcome.forwardMs = (between - from) * 1e3;
  outcome.backwardMs = (to - between) * 1e3;
  return outcome;
}

/** Buckets whose last gradient came from this step; −1: those that no step writes. */
void Session::finishBuckets(int step, bool adds) {
  for (int b = 0; b < bucketCount(); b++) {
    if (bucketStep_[b] != step) continue;
    if (adds && step >= 0) {
      for (int p = program_.buckets[b]; p < bucketEnd(b); p++) {
        float* sum = weights_.gradients() + weights_.gradientOffset(p);
        const float* one = weights_.passGradients() + weights_.gradientOffset(p);
        for (size_t i = 0; i < weights_.size(p); i++) sum[i] += one[i];
      }
    }
    passes_[b] = adds ? passes_[b] + 1 : 1;
    finished_[b]++;
    onBucket(b);
  }
}

std::vector<float> Session::infer(const Batch& batch) {
  Plan& p = plan(Plan::Kind::inference, batch.images);
  Run run{arena_.at(), scratch_.at(), weights_, nullptr, 0, nullptr};
  p.load(batch, run.arena);
  p.forward(run, nullptr);
  arena_.preferHugePages();
  const size_t count = size_t(batch.images) * program_.values[program_.output].channels;
  const float* logits = p.logits(run.arena);
  return {logits, logits + count};
}

void Session::update(double rate, double step) {
  for (int b = 0; b < bucketCount(); b++) {
    const float scale = 1.0f / std::max(1, passes_[b].load());
    for (int p = program_.buckets[b]; p < bucketEnd(b); p++)
      rule_.update(weights_, p, weights_.gradients() + weights_.gradientOffset(p), scale, rate, step);
  }
  step_ = step;
  passesSinceUpdate_ = 0;
}

size_t Session::tensorCount() const {
  return weights_.tensorCount() + program_.rule.slots.size() * weights_.parameterCount();
}

size_t Session::tensorSize(int index) const {
  const int slots = index - weights_.tensorCount();
  return weights_.size(slots < 0 ? index : slots % weights_.parameterCount());
}

float* Session::tensor(int index) const {
  const int slots = index - weights_.tensorCount();
  if (slots < 0) return weights_.tensor(index);
  return weights_.slot(slots / weights_.parameterCount(), slots % weights_.parameterCount());
}

int Session::bucketEnd(int bucket) const {
  return bucket + 1 < bucketCount() ? program_.buckets[bucket + 1] : program_.parameterCount;
}

size_t Session::bucketSize(int bucket) const {
  size_t size = 0;
  for (int p = program_.buckets[bucket]; p < bucketEnd(bucket); p++) size += weights_.size(p);
  return size;
}

void Session::copyBucket(int bucket, float* to) const {
  const float scale = 1.0f / std::max(1, passes_[bucket].load());
  for (int p = program_.buckets[bucket]; p < bucketEnd(bucket); p++) {
    const float* from = weights_.gradients() + weights_.gradientOffset(p);
    for (size_t i = 0; i < weights_.size(p); i++) to[i] = from[i] * scale;
    to += weights_.size(p);
  }
}

float* Session::bucketMemory(int bucket) const {
  return weights_.gradients() + weights_.gradientOffset(program_.buckets[bucket]);
}

size_t Session::bucketFloats(int bucket) const {
  const int end = bucketEnd(bucket);
  const size_t to = end < program_.parameterCount ? weights_.gradientOffset(end) : weights_.gradientFloats();
  return to - weights_.gradientOffset(program_.buckets[bucket]);
}

void Session::writeBucket(int bucket, const float* values, int count) {
  passes_[bucket] = count;
  // Borrowed, and changed in its place.
  if (values == bucketMemory(bucket)) return;
  for (int p = program_.buckets[bucket]; p < bucketEnd(bucket); p++) {
    std::copy_n(values, weights_.size(p), weights_.gradients() + weights_.gradientOffset(p));
    values += weights_.size(p);
  }
}

size_t Session::weightBytes() const {
  size_t bytes = weights_.bytes();
  for (const auto& [key, plan] : plans_) bytes += plan->ownBytes();
  return bytes;
}

std::vector<Operation> Session::operations() const {
  std::vector<Operation> all;
  plans_.begin()->second->describe(all);
  return all;
}

}  // namespace refold
