// SPDX-License-Identifier: Apache-2.0
// The vector targets to compile; every file with vector code includes this file before Highway. SSSE3 is left out to
// save a fifth of the compile time; such machines use the scalar target. With a sanitizer, AVX3 is left out too: its
// source is the same, and compiling it takes ten minutes. With GRAPHSIEVE_AVX2_ALONE, AVX2 is the only target.
#pragma once

#ifdef GRAPHSIEVE_AVX2_ALONE
#define HWY_COMPILE_ONLY_STATIC  // the target of the compiler's options
#endif

#ifdef GRAPHSIEVE_SANITIZED
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS HWY_SSSE3
#endif
