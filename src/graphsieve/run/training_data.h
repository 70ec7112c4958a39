// SPDX-License-Identifier: Apache-2.0
// What a run keeps of the data that it was trained on, so that other data is treated alike: the ids of its nodes, the
// schema of the features and the statistics of their treatment. Each part has a file of its own in the run folder.
//
//   node_id.npy         int64 [n]: the ids of the training data's nodes, if they are not 0 … n − 1
//     or, texts         node_id_start.npy int64 [n + 1], node_id_text.npy uint8 (UTF-8)
//   schema.json         what the feature columns mean (data/schema.h), if the data had names
//   feature_ranges.npy  float64 [4, d]: the least, largest and mean value of each feature, and the root of its mean
//                       square (data/feature_ranges.h)
//   feature_scales.npy  float64 [2, d]: what standardised features subtract and multiply by (data/features.h)
//   label_inputs.npy    float32 [t, columns]: the labels of the training nodes, in the order of their numbers, if
//   labels
//                       are inputs of the networks (Task::label_values)
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/data/feature_ranges.h"
#include "graphsieve/data/features.h"
#include "graphsieve/data/known_nodes.h"
#include "graphsieve/data/schema.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/run/run_files.h"

namespace graphsieve {

/// The parts of the training data that a run keeps.
struct TrainingData {
  std::optional<TrainingNodes> nodes;  ///< absent in a run of an earlier version
  std::optional<Schema> schema;
  std::optional<FeatureScales> scales;
  std::optional<FeatureRanges> ranges;
  at::Tensor label_inputs;  ///< float32 [training nodes, columns]; undefined if labels are no inputs
};

/// Returns the ranges of the features over all nodes, or over evenly spaced ones if there are very many.
FeatureRanges training_ranges(const Features& features);

/// Writes the files of a run's training data into its folder and returns their names. `ranges` are the data's
/// training_ranges(), which several runs on the same data share.
std::vector<std::string> write_training_data(const PreparedData& data, const FeatureRanges& ranges,
                                             const std::filesystem::path& folder);

/// Reads the files of a run's training data. A run of an earlier version has none. Throws Error, naming the file, if a
/// file does not fit or its checksum does not match.
TrainingData read_training_data(const RunFiles& files);

}  // namespace graphsieve
