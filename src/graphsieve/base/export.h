// SPDX-License-Identifier: Apache-2.0
// The mark of what the shared library shows. Everything else in it is hidden.
#pragma once

/// Stands before each class and function that a user of libgraphsieve.so may use, which are those of the public headers
/// (cmake/public_headers.cmake), and before those that libgraphsieve_tables.so uses of the program that loads it.
#define GRAPHSIEVE_API __attribute__((visibility("default")))
