#include "weights.h"

namespace refold {

Weights::Weights(const Program& p) : sizes_(p.tensorSizes), parameterCount_(p.parameterCount) {
  size_t floats = 0;
  for (int i = 0; i < tensorCount(); i++) {
    offsets_.push_back(floats);
    floats += aligned(sizes_[i] * 4) / 4;
    if (i + 1 == parameterCount_) stride_ = floats;
  }
  // Kernels read biases and the like in whole vectors.
  values_ = Memory(floats * 4 + 64, p.training ? Pages::huge : Pages::small);
  if (!p.training) return;
  slots_ = Memory(stride_ * p.rule.slots.size() * 4 + 64);
  gradients_ = Memory(stride_ * 4 + 64);
  for (size_t s = 0; s < p.rule.slots.size(); s++) {
    for (int i = 0; i < parameterCount_; i++) {
      for (size_t j = 0; j < sizes_[i]; j++) slot(int(s), i)[j] = float(p.rule.slots[s]);
    }
  }
}

void Weights::keepGradientsIn(float* memory) {
  gradients_ = Memory();
  lent_ = memory;
}

float* Weights::passGradients() {
  if (pass_.bytes() == 0) pass_ = Memory(stride_ * 4 + 64);
  return pass_.at<float>();
}

}  // namespace refold
