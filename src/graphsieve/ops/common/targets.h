// Included before Highway by every file of vector code. SSSE3 is left out to save a fifth of the compile time: such
// machines take the scalar target. With a sanitizer AVX3 is left out too: its code is the same, and such code takes ten
// minutes to compile.
#pragma once

#ifdef GRAPHSIEVE_SANITIZED
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS HWY_SSSE3
#endif
