#pragma once
#include <memory>
#include <string>
#include "conv-shape.h"

namespace refold {

/** One direction of a convolution by one algorithm. Images are of the shape's type; calls are not thread-safe. */
class ConvKernel {
 public:
  virtual ~ConvKernel() = default;
  /** Of the weights as the algorithm wants them. */
  virtual size_t weightBytes() const = 0;
  /** For `prepare` or `run`. */
  virtual size_t scratchBytes() const = 0;
  /** @param plain OIHW of the forward convolution @param scale per channel of the target, or null */
  virtual void prepare(const float* plain, const float* scale, void* weights, char* scratch) = 0;
  /** Forward: x → y; the gradient of data: dy → dx. `bias` may be null. */
  virtual void run(const void* source, const void* weights, const float* bias, void* target, char* scratch) = 0;
  /** Whether `run` heeds `addend`. */
  virtual bool takesAddend() const { return false; }
  /** Added by `run`, until it is set again. */
  Addend addend;
  virtual std::string algorithm() const = 0;
  virtual double flops() const = 0;
};

/** The gradient of a convolution's weights by one algorithm. */
class WeightGradient {
 public:
  virtual ~WeightGradient() = default;
  virtual size_t scratchBytes() const = 0;
  virtual void run(const void* x, const void* dy, float* dw_OIHW, char* scratch) = 0;
  virtual std::string algorithm() const = 0;
  virtual double flops() const = 0;
};

// By the algorithm that is the fastest by the count of its operations.
std::unique_ptr<ConvKernel> forwardConv(const ConvShape&, ForwardOptions);
/** @param shape of the forward convolution @param accumulate add to dx */
std::unique_ptr<ConvKernel> dataGradient(const ConvShape& shape, bool accumulate);
std::unique_ptr<WeightGradient> weightGradient(const ConvShape&);

// By one algorithm. `flip`: the shape is `turned`, the weights are still those of the forward convolution.
std::unique_ptr<ConvKernel> winogradConv(const ConvShape&, ForwardOptions, bool flip);
std::unique_ptr<WeightGradient> winogradWeightGradient(const ConvShape&);
std::unique_ptr<ConvKernel> directConv(const ConvShape&, ForwardOptions, bool flip);
std::unique_ptr<ConvKernel> directDataGradient(const ConvShape&, bool accumulate);
/** Of a 1×1 kernel without padding. */
std::unique_ptr<ConvKernel> stridedGradient(const ConvShape&, bool accumulate);
std::unique_ptr<WeightGradient> directWeightGradient(const ConvShape&);
/** Of floats. Like those of matrices, needs `kernels().tiles`. */
std::unique_ptr<ConvKernel> splitWinogradConv(const ConvShape&, ForwardOptions, bool flip);
std::unique_ptr<ConvKernel> matrixForward(const ConvShape&, ForwardOptions);
std::unique_ptr<ConvKernel> matrixDataGradient(const ConvShape&, bool accumulate);
std::unique_ptr<WeightGradient> matrixWeightGradient(const ConvShape&);

}  // namespace refold
