/** The table of one instruction set: compiled several times, with other flags and another REFOLD_ISA each time. */
#include "branches.h"
#include "elementwise.h"
#include "integer-conv.h"
#include "layout.h"
#include "matrix-conv.h"
#include "matrix-weights.h"
#include "pools.h"
#include "rule-ops.h"
#include "winograd-backward.h"
#include "winograd-split.h"

#define REFOLD_NAME_(x) #x
#define REFOLD_NAME(x) REFOLD_NAME_(x)

namespace refold::REFOLD_ISA {

template <class T>
constexpr TypedKernels<T> typedKernels() {
  TypedKernels<T> k{};
  k.moments = moments<T>;
  k.branchesForward = branchesForward<T>;
  k.branchesReduce = branchesReduce<T>;
  k.branchesBackward = branchesBackward<T>;
  k.add = add<T>;
  k.spread = spread<T>;
  k.channelScale = channelScale<T>;
  k.channelDot = channelDot<T>;
  k.multiply = multiply<T>;
  k.multiplyReduce = multiplyReduce<T>;
  k.maxPool = maxPool<T>;
  k.maxPoolBackward = maxPoolBackward<T>;
  k.avgPool = avgPool<T>;
  k.avgPoolBackward = avgPoolBackward<T>;
  k.globalPool = globalPool<T>;
  k.globalPoolBackward = globalPoolBackward<T>;
  k.flatten = flatten<T>;
  k.unflatten = unflatten<T>;
  k.copyChannels = copyChannels<T>;
  k.normalize = normalize<T>;
  k.drop = drop<T>;
  k.blockInput = blockInput<T>;
  k.toType = toType<T>;
  k.winogradForward = winogradForward<T>;
  k.winogradBackwardWeights = winogradBackwardWeights<T>;
  return k;
}

#if defined(__AMX_BF16__)
template <class T>
constexpr MatrixKernels matrixKernels{
    matrixConv<T>,         matrixConvBackwardWeights<T>, matrixConvWeights<T>, matrixPackScratch, matrixConvWeightBytes<T>,
    matrixConvScratch<T>, matrixConvBackwardScratch<T>};
constexpr TileKernels tileKernels{matrixKernels<float>, matrixKernels<bf16>,
                                  {splitWinogradForward, splitWinogradWeights, splitWinogradWeightBytes, splitWinogradScratch}};
constexpr const TileKernels* tiles = &tileKernels;
#else
constexpr const TileKernels* tiles = nullptr;
#endif

constexpr IntegerKernels integerKernels{kIntegerName,   integerWeightBytes, integerScratch, integerLanes, integerWeights,
                                        integerConv,    storeImages,        restoreImages,  poolImages};

constexpr KernelTable makeTable() {
  KernelTable t{};
  t.name = REFOLD_NAME(REFOLD_ISA);
  t.block = B;
  t.hasPairs = kHasPairs;
  t.f32 = typedKernels<float>();
  t.b16 = typedKernels<bf16>();
  t.tiles = tiles;
  t.integers = &integerKernels;
  t.winogradWeights = winogradWeights;
  t.winogradWeightBytes = winogradWeightBytes;
  t.winogradForwardScratch = winogradForwardScratch;
  t.winogradBackwardScratch = winogradBackwardScratch;
  t.applyRule = applyRule;
  t.activateVector = activateVector;
  t.activateVectorBackward = activateVectorBackward;
  return t;
}

extern const KernelTable table;
constexpr KernelTable table = makeTable();

}  // namespace refold::REFOLD_ISA
