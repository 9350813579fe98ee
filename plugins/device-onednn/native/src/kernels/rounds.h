/** How work on rows is cut up for threads. */
#pragma once

namespace refold::REFOLD_ISA {

/** Rounds of at most `block` of `count`, as many for each thread. */
inline int fairRounds(int count, int block, int threads) {
  const int rounds = (count + block - 1) / block;
  return (rounds + threads - 1) / threads * threads;
}

}  // namespace refold::REFOLD_ISA
