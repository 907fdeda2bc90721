// The AVX-512 kernels, emulated: for tests, which can so check them on any CPU.
#pragma once

#include "kernels/kernel_check.h"

namespace lips::kernels {

// Kernels without an AVX-512 version of their own are the scalar ones.
Table SimdeTable();

// Calls body(name, table) for every instruction set this machine has and for the emulated AVX-512.
template <typename Body>
void ForEachTable(const Body& body) {
  ForEachIsa([&body](Isa isa, const Table& table) {
    body(isa == Isa::kScalar ? "scalar" : isa == Isa::kAvx2 ? "avx2" : "avx512", table);
  });
  body("avx512 by SIMDe", SimdeTable());
}

}  // namespace lips::kernels
