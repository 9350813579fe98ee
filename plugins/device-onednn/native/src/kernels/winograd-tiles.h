/**
 * How an image is covered by the tiles of winograd.h. Where 1 or 2 rows or columns are left beside tiles of 4×4, the last tile has
 * but two there: F(2, 3) takes four of the frequencies of F(4, 3) (winograd-transforms.h), so that 14×14 pixels take 484 products
 * instead of 576. Such a tile has no row in V and M of the frequencies that it lacks.
 */
#pragma once
#include "winograd-transforms.h"

namespace refold::REFOLD_ISA {

/** Bits of a kind of tile: of two rows; of two columns. */
constexpr int kLow = 1, kNarrow = 2, kKinds = 4;

struct Tiles {
  int down, across, wholeDown, wholeAcross, each, count;
  Tiles(const WinogradShape& s, int images)
      : down((s.outH + 3) / 4), across((s.outW + 3) / 4), wholeDown((s.outH + 1) / 4), wholeAcross((s.outW + 1) / 4),
        each(down * across), count(images * each) {}
  explicit Tiles(const WinogradShape& s) : Tiles(s, s.images) {}
  /** Tiles of a kind in an image: so many down and across. */
  int downOf(int kind) const { return kind & kLow ? down - wholeDown : wholeDown; }
  int acrossOf(int kind) const { return kind & kNarrow ? across - wholeAcross : wholeAcross; }
};

/** Where a tile lies. */
struct Place {
  int image, y, x, top, left, kind;
  Place(const Tiles& tiles, int t)
      : image(t / tiles.each), y(t % tiles.each / tiles.across), x(t % tiles.each % tiles.across), top(4 * y), left(4 * x),
        kind((y < tiles.wholeDown ? 0 : kLow) | (x < tiles.wholeAcross ? 0 : kNarrow)) {}
};

/** How many tiles of a kind come before `at`. */
inline int tilesBefore(const Tiles& tiles, const Place& at, int kind) {
  const int down = tiles.downOf(kind), across = tiles.acrossOf(kind);
  const int y = kind & kLow ? at.y - tiles.wholeDown : at.y, x = kind & kNarrow ? at.x - tiles.wholeAcross : at.x;
  const int inRow = y < 0 || y >= down || x < 0 ? 0 : x < across ? x : across;
  return (at.image * down + (y < 0 ? 0 : y < down ? y : down)) * across + inRow;
}

/** Along one side: whether frequency `f` is one of F(4, 3) alone. */
constexpr bool isOfWhole(int f) { return f == 3 || f == 4; }

/** A tile's row of V and M. */
struct TileRow {
  int row, lacking;
  /** In frequency `fy` down. */
  int in(int fy) const { return row - (isOfWhole(fy) ? lacking : 0); }
};

/**
 * The rows of V and M for some tiles that follow each other: first whole ones, then low ones, narrow ones, corners. Frequencies that
 * low tiles lack have the narrow ones in their place.
 */
class TileRows {
 public:
  TileRows(const Tiles& tiles, int first, int count) : tiles_(tiles) {
    const Place begin(tiles, first), end(tiles, first + count);
    for (int kind = 0, base = 0; kind < kKinds; kind++) {
      const int before = tilesBefore(tiles, begin, kind);
      counts_[kind] = tilesBefore(tiles, end, kind) - before;
      shift_[kind] = base - before;
      base += counts_[kind];
    }
  }
  TileRow of(const Place& at) const {
    return {tilesBefore(tiles_, at, at.kind) + shift_[at.kind], at.kind == kNarrow ? counts_[kLow] : 0};
  }
  /** How many there are in frequency `f` of 36. */
  int count(int f) const {
    const bool hasLow = !isOfWhole(f / 6), hasNarrow = !isOfWhole(f % 6);
    return counts_[0] + (hasLow ? counts_[kLow] : 0) + (hasNarrow ? counts_[kNarrow] : 0) +
           (hasLow && hasNarrow ? counts_[kLow | kNarrow] : 0);
  }

 private:
  const Tiles& tiles_;
  int counts_[kKinds], shift_[kKinds];
};

/** Calls `run` with the sides of a kind of tile, down and across. */
template <class F>
inline void withSides(int kind, F run) {
  switch (kind) {
    case 0: return run(Whole(), Whole());
    case kLow: return run(Edge(), Whole());
    case kNarrow: return run(Whole(), Edge());
    default: return run(Edge(), Edge());
  }
}

/** Calls `run` with the place, the row and the sides of each of `count` tiles from `first` on. */
template <class F>
inline void eachTile(const Tiles& tiles, const TileRows& rows, int first, int count, F run) {
  for (int t = first; t < first + count; t++) {
    const Place at(tiles, t);
    const TileRow row = rows.of(at);
    withSides(at.kind, [&](auto down, auto across) { run(at, row, down, across); });
  }
}

/** Calls `run` with the place of each value in a patch with sides Y and X, its frequency, and its row of V and M. */
template <class Y, class X, class F>
inline void eachFrequency(const TileRow& row, F run) {
  REFOLD_UNROLLED
  for (int i = 0; i < Y::kPatch; i++) {
    const int fy = Y::frequency(i), inFrequency = row.in(fy);
    REFOLD_UNROLLED
    for (int j = 0; j < X::kPatch; j++) run(i, j, 6 * fy + X::frequency(j), inFrequency);
  }
}

}  // namespace refold::REFOLD_ISA
