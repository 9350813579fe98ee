/**
 * Which algorithm computes a convolution. By the count of operations, not by measurement: the same network gets the same
 * algorithms on the same processor, and so the same bits, in every run.
 */
#include "conv-kernel.h"

namespace refold {
namespace {

bool hasWholeBlocks(const ConvShape& s) {
  const int block = kernels().block;
  return !s.plainSource && s.in / s.groups % block == 0 && s.out / s.groups % block == 0;
}

bool fitsMatrix(const ConvShape& s) { return kernels().matrix && s.half && hasWholeBlocks(s); }

bool fitsWinograd(const ConvShape& s) {
  return hasWholeBlocks(s) && s.kernelH == 3 && s.kernelW == 3 && s.strideH == 1 && s.strideW == 1 && s.dilationH == 1 &&
         s.dilationW == 1 && s.padH <= 2 && s.padW <= 2;
}

/**
 * Against products in vectors: direct convolutions reach about 0.9 of the peak, products of few channels about 0.7,
 * transforms wait for memory.
 */
bool beatsVectors(const ConvShape& s) {
  const double direct = convFlops(s) / (s.half ? 2 : 1);
  const double products = productFlops(s) / (s.half && kernels().hasPairs ? 2 : 1);
  return 1.3 * products + 2 * transformFlops(s) < direct;
}

/**
 * Against products in tiles, which do 1,024 operations while vectors do 16: from about 300 channels on. Gathering costs
 * the gradient of weights more, as it interleaves pixels for each tap: there Winograd wins wherever it does in vectors.
 */
bool beatsTiles(const ConvShape& s) { return productFlops(s) + 130 * transformFlops(s) < convFlops(s); }

bool prefersWinograd(const ConvShape& s) {
  return fitsWinograd(s) && beatsVectors(s) && (!fitsMatrix(s) || beatsTiles(s));
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
  if (fitsWinograd(shape) && beatsVectors(shape)) return winogradWeightGradient(shape);
  if (fitsMatrix(shape)) return matrixWeightGradient(shape);
  return directWeightGradient(shape);
}

}  // namespace refold
