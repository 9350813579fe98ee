/** The operations of update rules on blocks of a tensor. */
#pragma once
#include "kernel-table.h"
#include "vec.h"

namespace refold::REFOLD_ISA {

template <class F>
inline void forEach(int count, float* y, F f) {
#pragma omp simd
  for (int i = 0; i < count; i++) y[i] = f(i);
}

inline void applyRule(RuleOp op, int count, const float* a, float sa, const float* b, float sb, float* y) {
  const auto binary = [&](auto f) {
    if (a && b) forEach(count, y, [&](int i) { return f(a[i], b[i]); });
    else if (a) forEach(count, y, [&](int i) { return f(a[i], sb); });
    else forEach(count, y, [&](int i) { return f(sa, b[i]); });
  };
  switch (op) {
    case RuleOp::add: return binary([](float p, float q) { return p + q; });
    case RuleOp::sub: return binary([](float p, float q) { return p - q; });
    case RuleOp::mul: return binary([](float p, float q) { return p * q; });
    case RuleOp::div: return binary([](float p, float q) { return p / q; });
    case RuleOp::pow: return binary([](float p, float q) { return std::pow(p, q); });
    case RuleOp::max: return binary([](float p, float q) { return p > q ? p : q; });
    case RuleOp::min: return binary([](float p, float q) { return p < q ? p : q; });
    case RuleOp::neg: return forEach(count, y, [&](int i) { return -a[i]; });
    case RuleOp::sqrt: return forEach(count, y, [&](int i) { return std::sqrt(a[i]); });
    case RuleOp::abs: return forEach(count, y, [&](int i) { return std::fabs(a[i]); });
    case RuleOp::sign: return forEach(count, y, [&](int i) { return float((a[i] > 0) - (a[i] < 0)); });
    case RuleOp::exp: return forEach(count, y, [&](int i) { return std::exp(a[i]); });
    default: return;
  }
}

}  // namespace refold::REFOLD_ISA
