// SPDX-License-Identifier: Apache-2.0
// The vector targets to compile; every file with vector code includes this file before Highway. SSSE3 is left out to
// save a fifth of the compile time; such machines use the scalar target. With a sanitizer, AVX3 is left out too: its
// source is the same, and compiling it takes ten minutes.
#pragma once

#ifdef GRAPHSIEVE_SANITIZED
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS HWY_SSSE3
#endif
