// Shared by the tests of row kernels: cases against the scalar definition.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "kernels/row_cases.h"
#include "kernels/simde_table.h"

namespace lips::kernels {

// The case gives the same bytes, canaries included, with `table` as with the scalar definition.
template <typename Case>
void ExpectEqualsScalar(Case got, const Table& table) {
  Case want = got;
  want.Run(Table());
  got.Run(table);
  EXPECT_EQ(got.out, want.out);
}

// body(rng, table) for every instruction set this machine has and for the emulated AVX-512, its name traced.
template <typename Body>
void ForEachTracedTable(const Body& body) {
  ForEachTable([&body](const char* name, const Table& table) {
    SCOPED_TRACE(name);
    std::mt19937 rng(7);
    body(rng, table);
  });
}

}  // namespace lips::kernels
