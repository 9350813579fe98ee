#include <cstdlib>
#include "conv-kernel.h"

namespace refold {
namespace {

/**
 * By time, not by measurement: the same network gets the same algorithms, and so the same bits, in every run. Direct
 * convolutions reach about 0.9 of the peak, products of few channels about 0.7, transforms wait for memory.
 */
bool prefersWinograd(const ConvShape& s) {
  const int block = kernels().block;
  const bool fits = s.kernelH == 3 && s.kernelW == 3 && s.strideH == 1 && s.strideW == 1 && s.dilationH == 1 &&
                    s.dilationW == 1 && s.padH <= 2 && s.padW <= 2 && !s.plainSource &&
                    (s.in / s.groups) % block == 0 && (s.out / s.groups) % block == 0;
  if (!fits) return false;
  if (getenv("REFOLD_TMP_MATRIX") && s.half) return false;
  const double direct = convFlops(s) / (s.half ? 2 : 1);
  const double products = productFlops(s) / (s.half && kernels().hasPairs ? 2 : 1);
  return 1.3 * products + 2 * transformFlops(s) < direct;
}

bool fitsMatrix(const ConvShape& s) {
  const int block = kernels().block;
  return kernels().matrix && s.half && !s.plainSource && (s.in / s.groups) % block == 0 && (s.out / s.groups) % block == 0;
}

}  // namespace

std::unique_ptr<ConvKernel> forwardConv(const ConvShape& shape, ForwardOptions options) {
  if (prefersWinograd(shape)) return winogradConv(shape, options, false);
  if (fitsMatrix(shape)) return matrixForward(shape, options);
  return directConv(shape, options, false);
}

std::unique_ptr<ConvKernel> dataGradient(const ConvShape& shape, bool accumulate) {
  const ForwardOptions options{false, false, accumulate};
  if (canTurn(shape) && prefersWinograd(turned(shape))) return winogradConv(turned(shape), options, true);
  if (fitsMatrix(shape)) return matrixDataGradient(shape, accumulate);
  if (canTurn(shape)) return directConv(turned(shape), options, true);
  return directDataGradient(shape, accumulate);
}

std::unique_ptr<WeightGradient> weightGradient(const ConvShape& shape) {
  if (prefersWinograd(shape)) return winogradWeightGradient(shape);
  if (fitsMatrix(shape)) return matrixWeightGradient(shape);
  return directWeightGradient(shape);
}

}  // namespace refold
