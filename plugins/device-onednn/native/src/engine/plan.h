#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>
#include "../ops/op.h"
#include "arena.h"

namespace refold {

/** A batch as it comes from JavaScript; exactly one of `bytes` and `floats` is set. */
struct Batch {
  int images;
  bool nhwc;
  const uint8_t* bytes;
  const float* floats;
  const int32_t* labels;
  const float* targets;
};

/** A program laid out for one number of images: operations in order, and the place of every value and gradient. */
class Plan {
 public:
  enum class Kind { training, inference };
  /** @param keepsWeights whether weights in the algorithms' layouts outlive a call: they never change */
  Plan(const Program&, Kind, int images, bool keepsWeights);
  /** Fills the input's value. */
  void load(const Batch&, char* arena) const;
  void forward(Run&, double* regionMs);
  /** @param done called after each step with its index in the program, last first */
  void backward(Run&, double* regionMs, const std::function<void(int step)>& done);
  const float* logits(const char* arena) const { return reinterpret_cast<const float*>(arena + outputValue().offset); }
  float* logitsGradient(char* arena) const { return reinterpret_cast<float*>(arena + outputValue().gradientOffset); }
  size_t arenaBytes() const { return arenaBytes_; }
  size_t scratchBytes() const { return scratchBytes_; }
  size_t ownBytes() const;
  void describe(std::vector<Operation>&) const;

 private:
  void makeValues();
  std::map<int, const Step*> foldableConvs() const;
  void makeOps();
  void place();
  const Value& outputValue() const { return values_[program_.output]; }
  template <class T>
  void loadAs(const Batch&, char* arena) const;
  void loadStored(const Batch&, char* arena) const;

  const Program& program_;
  Kind kind_;
  int images_;
  bool keepsWeights_;
  std::vector<Value> values_;
  std::vector<std::unique_ptr<Op>> ops_;
  /** Index in the program of each operation. */
  std::vector<int> stepOf_;
  std::vector<int> readers_;
  size_t arenaBytes_ = 0, scratchBytes_ = 0;
  size_t stagingOffset_ = 0;
};

}  // namespace refold
