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

/**
 * Products of floats in three parts take less than half of their time in vectors, but each gathered value is split: worth it
 * for so many columns. Images wait for memory where the kernel is 1×1; gradients of weights interleave pixels as well.
 */
bool gainsFromParts(const ConvShape& s, int columns, int least) {
  // Fewer wait for the weights, which are larger in parts; a 1×1 kernel's take part in fewer products.
  const double pixels = s.kernelH * s.kernelW > 1 ? 64 : 512;
  return kernels().tiles && !s.half && hasWholeBlocks(s) && columns >= least && double(s.images) * s.outH * s.outW >= pixels;
}
int fewestColumns(const ConvShape& s) { return s.kernelH * s.kernelW > 1 ? 96 : 160; }
constexpr int kFewestGradientRows = 512;

bool fitsMatrix(const ConvShape& s) { return kernels().tiles && s.half && hasWholeBlocks(s); }
/** In either precision. */
bool suitsMatrix(const ConvShape& s, int columns, int least) { return fitsMatrix(s) || gainsFromParts(s, columns, least); }

/**
 * The same of Winograd's products, of images for some blocks of rows: few channels in whole steps, whose weights stay in the
 * cache beside a block; and weights too large for the cache, which products of floats read more often.
 */
constexpr double kTiles = 64;
bool winogradGainsFromParts(const ConvShape& s) {
  constexpr double kWeightBytes = 2 << 20;
  constexpr int kFew = 64, kStep = 32;
  const int in = s.in / s.groups, out = s.out / s.groups;
  const bool isSmall = in <= kFew && out <= kFew && in % kStep == 0;
  const bool isLarge = 36.0 * in * out * sizeof(float) > kWeightBytes;
  return kernels().tiles && !s.half && (isSmall || isLarge) && tilesOf(s) >= kTiles;
}

bool fitsWinograd(const ConvShape& s) {
  return hasWholeBlocks(s) && s.kernelH == 3 && s.kernelW == 3 && s.strideH == 1 && s.strideW == 1 && s.dilationH == 1 &&
         s.dilationW == 1 && s.padH <= 2 && s.padW <= 2;
}

/**
 * Against products in vectors: direct convolutions reach about 0.9 of the peak, products of few channels about 0.7,
 * transforms wait for memory. Those of weights that are used once write four times what they read: as long as 2,000 operations on floats.
 */
bool beatsVectors(const ConvShape& s, bool keepsWeights) {
  const double direct = convFlops(s) / (s.half ? 2 : 1);
  const double products = productFlops(s) / (s.half && kernels().hasPairs ? 2 : 1);
  const double preparing = keepsWeights ? 0 : (s.half ? 1000.0 : 2000.0) * (s.in / s.groups) * s.out;
  return 1.3 * products + 2 * transformFlops(s) + preparing < direct;
}

/**
 * Against products in tiles, which do 1,024 operations while vectors do 16: from about 300 channels on. Gathering costs
 * the gradient of weights more, as it interleaves pixels for each tap: there Winograd wins wherever it does in vectors.
 */
bool beatsTiles(const ConvShape& s) { return productFlops(s) + 130 * transformFlops(s) < convFlops(s); }

bool prefersWinograd(const ConvShape& s, bool keepsWeights) {
  if (!fitsWinograd(s) || !beatsVectors(s, keepsWeights)) return false;
  if (fitsMatrix(s)) return beatsTiles(s);
  return keepsWeights || tilesOf(s) >= kTiles || !gainsFromParts(s, s.out / s.groups, fewestColumns(s));
}

std::unique_ptr<ConvKernel> chosenWinograd(const ConvShape& shape, ForwardOptions options, bool flip) {
  return winogradGainsFromParts(shape) ? splitWinogradConv(shape, options, flip) : winogradConv(shape, options, flip);
}

}  // namespace

std::unique_ptr<ConvKernel> forwardConv(const ConvShape& shape, ForwardOptions options) {
  if (prefersWinograd(shape, options.keepsWeights)) return chosenWinograd(shape, options, false);
  if (suitsMatrix(shape, shape.out / shape.groups, fewestColumns(shape))) return matrixForward(shape, options);
  return directConv(shape, options, false);
}

std::unique_ptr<ConvKernel> dataGradient(const ConvShape& shape, bool accumulate) {
  const ForwardOptions options{false, false, accumulate};
  if (canTurn(shape) && prefersWinograd(turned(shape), false)) return chosenWinograd(turned(shape), options, true);
  if (suitsMatrix(shape, shape.in / shape.groups, fewestColumns(shape))) return matrixDataGradient(shape, accumulate);
  if (canTurn(shape)) return directConv(turned(shape), options, true);
  if (shape.kernelH * shape.kernelW == 1 && shape.padH + shape.padW == 0) return stridedGradient(shape, accumulate);
  return directDataGradient(shape, accumulate);
}

std::unique_ptr<WeightGradient> weightGradient(const ConvShape& shape) {
  if (fitsWinograd(shape) && beatsVectors(shape, false)) return winogradWeightGradient(shape);
  if (suitsMatrix(shape, shape.out / shape.groups, kFewestGradientRows)) return matrixWeightGradient(shape);
  return directWeightGradient(shape);
}

}  // namespace refold
