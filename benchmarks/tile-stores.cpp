// What a store of AMX's tiles costs after so many products in tiles: run by tile-stores.mjs. Prints one line of JSON.
//
// For each count: the time of the products alone, and how much longer it takes with the stores of their four sums behind them,
// both the least of many turns.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include "tile-config.h"

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class F>
static double leastMicroseconds(F run) {
  constexpr int kTurns = 200, kRounds = 100;
  double least = 1e9;
  for (int round = 0; round < kRounds; round++) {
    const double from = now();
    for (int turn = 0; turn < kTurns; turn++) run();
    least = std::min(least, (now() - from) / kTurns * 1e6);
  }
  return least;
}

static void multiply(int products) {
  for (int i = 0; i < products; i += 4) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

int main() {
  if (!mayUseTiles()) return 1;
  configureTiles();
  alignas(64) static float sums[4][16 * 16];
  std::printf("[");
  for (int products : {24, 48, 96, 120, 144, 192, 240, 480}) {
    const double alone = leastMicroseconds([&] { multiply(products); });
    const double stored = leastMicroseconds([&] {
      multiply(products);
      _tile_stored(0, sums[0], 64);
      _tile_stored(1, sums[1], 64);
      _tile_stored(2, sums[2], 64);
      _tile_stored(3, sums[3], 64);
    });
    std::printf("%s{\"products\":%d,\"alone\":%.3f,\"stores\":%.3f}", products == 24 ? "" : ",", products, alone, stored - alone);
  }
  std::printf("]\n");
  _tile_release();
}
