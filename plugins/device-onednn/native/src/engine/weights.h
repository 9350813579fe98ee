#pragma once
#include <vector>
#include "memory.h"
#include "program.h"

namespace refold {

/** Parameters, buffers, slots and gradients in plain layout, each tensor 64-byte aligned. */
class Weights {
 public:
  explicit Weights(const Program&);
  float* tensor(int index) const { return values_.at<float>(offsets_[index] * 4); }
  float* slot(int slot, int parameter) const { return slots_.at<float>((slot * stride_ + offsets_[parameter]) * 4); }
  /** Place of a parameter's gradient in a block of gradients. */
  size_t gradientOffset(int parameter) const { return offsets_[parameter]; }
  /** Floats of a block of gradients. */
  size_t gradientFloats() const { return stride_; }
  size_t size(int index) const { return sizes_[index]; }
  int tensorCount() const { return int(sizes_.size()); }
  int parameterCount() const { return parameterCount_; }
  float* gradients() const { return lent_ ? lent_ : gradients_.at<float>(); }
  /** From now on in somebody else's memory, `[gradientFloats]`. */
  void keepGradientsIn(float* memory);
  /** A second block for a pass that is added to the first; made when it is asked for. */
  float* passGradients();
  /** What others lend included. */
  size_t bytes() const {
    return values_.bytes() + slots_.bytes() + (lent_ ? stride_ * sizeof(float) : gradients_.bytes()) + pass_.bytes();
  }

 private:
  std::vector<size_t> sizes_, offsets_;
  int parameterCount_;
  size_t stride_ = 0;
  Memory values_, slots_, gradients_, pass_;
  float* lent_ = nullptr;
};

}  // namespace refold
