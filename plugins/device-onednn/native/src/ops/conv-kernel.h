#pragma once
#include <memory>
#include "../engine/dnnl-api.h"
#include "op.h"

namespace refold {

/** A convolution with stride 1 seen from its gradient: the convolution that takes dy to dx. Nothing where there is none. */
bool canTurn(const ConvShape&);
ConvShape turned(const ConvShape&);

/** Whether Winograd computes it, and by the count of operations faster. */
bool prefersWinograd(const ConvShape&);
WinogradShape winogradShape(const ConvShape&);

double convFlops(const ConvShape&);
double winogradFlops(const ConvShape&);
/** Of input, output and weights, once each. */
double convBytes(const ConvShape&);

/** A forward convolution by the better algorithm; with `flip`, backward-data of the convolution that it was turned from. */
class ConvKernel {
 public:
  ConvKernel(const ConvShape&, ForwardOptions, bool flip);
  /** Weights as the algorithm wants them. */
  size_t weightBytes() const;
  /** For `prepare` or `run`. */
  size_t scratchBytes() const;
  /** @param plain OIHW of the convolution (of the original one, for `flip`) @param scale per output channel, or null */
  void prepare(const float* plain, const float* scale, void* weights, char* scratch);
  template <class T>
  void run(const T* x, const void* weights, const float* bias, T* y, char* scratch);
  std::string algorithm() const;
  double flops() const;
  double bytes() const { return convBytes(shape_); }

 private:
  ConvShape shape_;
  ForwardOptions options_;
  bool flip_;
  bool isWinograd_;
  WinogradShape winograd_;
  std::unique_ptr<DnnlConv> dnnl_;
};

}  // namespace refold
