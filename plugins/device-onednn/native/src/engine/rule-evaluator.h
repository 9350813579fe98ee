#pragma once
#include <vector>
#include "weights.h"

namespace refold {

/**
 * Applies an update rule to parameters: expressions run block by block on vectors; what is a scalar (rate, step, constants,
 * hyper-parameters and what is made of them alone) stays one number in float64. Norms are taken over the whole tensor first.
 */
class RuleEvaluator {
 public:
  explicit RuleEvaluator(const UpdateRule&);
  /** @param gradientScale factor that makes the gradient a mean over passes */
  void update(const Weights&, int parameter, const float* gradient, float gradientScale, double rate, double step) const;

 private:
  struct Scope {
    float* parameter;
    const float* gradient;
    float gradientScale;
    std::vector<float*> slots;
    int index;
    double rate, step;
    std::vector<double> scalars;
  };
  bool isScalar(int expression) const { return scalar_[expression]; }
  void fillScalars(Scope&, int upTo, bool norms) const;
  /** Values of an expression for elements [from, from + count), in `buffers`. */
  const float* block(const Scope&, int expression, size_t from, int count, float* buffers) const;
  double norm(const Scope&, int expression, size_t size) const;

  const UpdateRule& rule_;
  std::vector<bool> scalar_;
  bool hasNorm_ = false;
};

}  // namespace refold
