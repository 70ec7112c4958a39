// SPDX-License-Identifier: Apache-2.0
// Rearranges the features and the edge types of one data set as a model expects them, by the names of their schemas.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"
#include "graphsieve/data/schema.h"

namespace graphsieve {

/// How the features of one data set are made of another one's. A pure function of two schemas.
struct SchemaMatch {
  static constexpr int32_t kZeros = -1;
  std::vector<int32_t> source;  ///< by wanted feature: the given feature, or kZeros
  std::vector<float> shift;     ///< by wanted feature: what is added to it, since dates may count from another day
  /// A text of a category that the model does not know: where it occurs, the row has zeros in the whole category.
  struct Unknown {
    int32_t feature;  ///< the given feature, 1 where a row has the text
    std::string column, text;
  };
  std::vector<Unknown> unknown;
  std::vector<std::string> extra;  ///< given columns that the model does not use
  std::vector<std::string>
      other_fill;     ///< columns whose missing values were filled with another value than the model's
  int64_t given = 0;  ///< number of given features

  /// True if the features stay as they are.
  bool same() const;
};

/// Finds the columns of `wanted`, the schema of a model's training data, in `given`, that of new data. Throws Error,
/// beginning with `where`, if a column is missing (with the nearest name) or is of another type, has lists of another
/// length, or lacks the cyclic features or the indicator of the wanted column, or if the degree features differ.
SchemaMatch match_schema(const Schema& wanted, const Schema& given, const std::string& where);

/// Rearranges the features of `data` by match_schema() and gives `data` the schema `wanted`. Returns a sentence about
/// each thing that was left out: extra columns, and rows with unknown texts. Features in a file are read into memory if
/// they change. Throws Error as match_schema() does, and if `unknown` refuses a text that a row has.
std::vector<std::string> apply_schema(Dataset& data, const Schema& wanted, UnknownTexts unknown);

/// Renumbers the edge types of `data` as `names`, those of the training data, number them. Throws Error, beginning with
/// the data's source, if an edge has a type that is not in `names`, or if one of the two has edge types and the other
/// one has none.
void match_edge_types(Dataset& data, const std::vector<std::string>& names);

}  // namespace graphsieve
