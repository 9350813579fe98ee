/** All that the engine asks of oneDNN, the same for its generations 2 and 3. The only file that sees dnnl.hpp is dnnl-api.cc. */
#pragma once
#include <cstddef>
#include <memory>
#include <string>

namespace refold {

struct ConvShape {
  int images, groups, in, inH, inW, out, outH, outW, kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW;
  bool half;
  /** The source is plain NCHW (the first convolution of few channels). */
  bool plainSource;
};

/** A compiled primitive with its reorders. Calls are not thread-safe; pointers are 64-byte aligned. */
class DnnlConv {
 public:
  virtual ~DnnlConv() = default;
  /** Of the weights in the layout that the primitive chose. */
  virtual size_t weightBytes() const = 0;
  virtual size_t scratchBytes() const = 0;
  /** Name of the implementation; `ref…` is the slow reference. */
  virtual std::string implementation() const = 0;
  /** Plain float OIHW (groups leading) → the primitive's layout and type. */
  virtual void prepare(const float* plain, void* weights) = 0;
  /** forward: source, weights → target; backward-data: dy, weights → dx; bias may be null. */
  virtual void run(const void* source, const void* weights, const float* bias, void* target, void* scratch) = 0;
  /** backward-weights: x, dy → plain gradient; `weights` holds the primitive's own layout meanwhile. */
  virtual void gradient(const void* source, const void* dy, void* weights, float* plain, void* scratch) = 0;
};

struct ForwardOptions {
  bool bias = false, relu = false, accumulate = false;
  /** Weights are prepared once, for many runs. */
  bool keepsWeights = false;
};

std::unique_ptr<DnnlConv> dnnlForward(const ConvShape&, ForwardOptions);
std::unique_ptr<DnnlConv> dnnlBackwardData(const ConvShape&);
std::unique_ptr<DnnlConv> dnnlBackwardWeights(const ConvShape&);

/** C[M × N] = A · B (+ C), row-major; `ta`, `tb`: the operand is given transposed. */
void dnnlGemm(bool ta, bool tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc,
              bool accumulate);

/** `2.6.3`. */
std::string dnnlVersion();

}  // namespace refold
