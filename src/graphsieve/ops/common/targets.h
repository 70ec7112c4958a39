// Included before Highway by every file of vector code. SSSE3 is left out to save a fifth of the compile time: such
// machines take the scalar target.
#pragma once

#define HWY_DISABLED_TARGETS HWY_SSSE3
