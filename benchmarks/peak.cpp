// What the machine can do at most, for benchmarks/roofline.mjs. Prints one line of JSON.
//   g++ -O3 -march=native -fopenmp peak.cpp -o peak && ./peak
//   g++ -O3 -march=native -fopenmp -DWITH_ONEDNN peak.cpp -o peak -ldnnl && ./peak
// fp32: multiply-adds on registers, all cores. bf16: products of tiles, or else dot products of pairs, where the processor
// has them (else null).
// sgemm: oneDNN's product of two float32 matrices that fit its blocking (null without oneDNN).
// Bandwidth: reading 512 MiB, and copying 256 MiB (bytes read and bytes written both count). Best of several runs.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#ifdef __AVX512BF16__
#include <immintrin.h>
#endif
#if defined(__AMX_BF16__) && defined(__linux__)
#include "tile-config.h"
#endif
#ifdef WITH_ONEDNN
#include <dnnl.h>

#include <vector>
#endif

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
typedef float Vec __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / 4;
constexpr int kChains = 12;  // enough to hide the latency, few enough to stay in registers
constexpr long kTurns = 20'000'000;

static double seconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

template <class Work>
static double best(int runs, Work work) {
  double least = 1e30;
  for (int run = 0; run < runs; run++) {
    const double start = seconds();
    work();
    least = std::min(least, seconds() - start);
  }
  return least;
}

static volatile float sink;

static std::string orNull(double number) {
  return number > 0 ? std::to_string(static_cast<long long>(number)) : "null";
}

static double fp32Flops() {
  const double time = best(8, [] {
#pragma omp parallel
    {
      Vec sum[kChains], a, b;
      for (int lane = 0; lane < kLanes; lane++) a[lane] = 0.999f, b[lane] = 1e-3f * lane;
#pragma GCC unroll 16
      for (int i = 0; i < kChains; i++) sum[i] = b * float(i);
      for (long turn = 0; turn < kTurns; turn++) {
// Unrolled, or the chains lie in memory.
#pragma GCC unroll 16
        for (int i = 0; i < kChains; i++) sum[i] = sum[i] * a + b;
      }
#pragma GCC unroll 16
      for (int i = 0; i < kChains; i++) sink = sum[i][0];
    }
  });
  return 2.0 * kLanes * kChains * kTurns * omp_get_max_threads() / time;
}

/** Of AMX; 0 without it, or where the system does not save its registers. */
static double tileFlops() {
#if defined(__AMX_BF16__) && defined(__linux__)
  if (!mayUseTiles()) return 0;
  const double time = best(8, [] {
#pragma omp parallel
    {
      configureTiles();
      for (long turn = 0; turn < kTurns; turn++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
      _tile_release();
    }
  });
  return 4.0 * 2 * 16 * 16 * 32 * kTurns * omp_get_max_threads() / time;
#else
  return 0;
#endif
}

static double dotFlops() {
#ifdef __AVX512BF16__
  const double time = best(8, [] {
#pragma omp parallel
    {
      __m512 sum[kChains];
#pragma GCC unroll 16
      for (int i = 0; i < kChains; i++) sum[i] = _mm512_set1_ps(float(i));
      const __m512bh a = (__m512bh)_mm512_set1_epi16(0x3c00), b = a;
      for (long turn = 0; turn < kTurns; turn++) {
#pragma GCC unroll 16
        for (int i = 0; i < kChains; i++) sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
      }
#pragma GCC unroll 16
      for (int i = 0; i < kChains; i++) sink = sum[i][0];
    }
  });
  return 4.0 * 16 * kChains * kTurns * omp_get_max_threads() / time;
#else
  return 0;
#endif
}

static double sgemmFlops() {
#ifdef WITH_ONEDNN
  constexpr long n = 1920;
  const std::vector<float> a(n * n, 0.5f), b(n * n, 0.25f);
  std::vector<float> c(n * n);
  const double time = best(8, [&] {
    if (dnnl_sgemm('N', 'N', n, n, n, 1, a.data(), n, b.data(), n, 0, c.data(), n) != dnnl_success) std::abort();
  });
  sink = c[0];
  return 2.0 * n * n * n / time;
#else
  return 0;
#endif
}

int main() {
  const double fp32 = fp32Flops(), bf16 = std::max(tileFlops(), dotFlops()), sgemm = sgemmFlops();
  const long bytes = 512L << 20, half = bytes / 2;
  std::unique_ptr<char[]> memory(new char[bytes + 64]);
  char* data = memory.get() + (64 - reinterpret_cast<size_t>(memory.get()) % 64);
#pragma omp parallel for schedule(static)
  for (long page = 0; page < bytes; page += 4096) std::memset(data + page, 1, 4096);
  const double read = best(5, [&] {
    float total = 0;
#pragma omp parallel reduction(+ : total)
    {
      const Vec* all = reinterpret_cast<const Vec*>(data);
      Vec sum[4] = {};
#pragma omp for schedule(static)
      for (long at = 0; at < bytes / kBytes; at += 4)
        for (int i = 0; i < 4; i++) sum[i] += all[at + i];
      for (const auto& one : sum) total += one[0];
    }
    sink = total;
  });
  const double copy = best(5, [&] {
#pragma omp parallel
    {
      const long share = half / omp_get_num_threads();
      const long from = share * omp_get_thread_num();
      std::memcpy(data + half + from, data + from, share);
    }
  });
  std::printf("{\"threads\":%d,\"fp32Flops\":%.0f,\"bf16Flops\":%s,\"sgemmFlops\":%s,", omp_get_max_threads(), fp32,
              orNull(bf16).c_str(), orNull(sgemm).c_str());
  std::printf("\"readBytes\":%.0f,\"copyBytes\":%.0f}\n", bytes / read, 2.0 * half / copy);
}
