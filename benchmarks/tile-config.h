// What a program does before it uses the tiles of AMX.
#pragma once
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdint>

/** Whether the system saves the tiles' registers, for which it wants to be asked once. */
inline bool mayUseTiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/** This thread's eight tiles are of 16 rows of 64 bytes from now on. */
inline void configureTiles() {
  struct alignas(64) {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } config;
  // GCC's intrinsic tells of the first bytes only.
  asm volatile("" ::"r"(&config) : "memory");
  _tile_loadconfig(&config);
}
