// SPDX-License-Identifier: Apache-2.0
// Names and versions of the folder formats that the program writes.
#pragma once

namespace graphsieve {

/// The card of a graph folder. Version 1 has one edge type, version 2 several types; from version 3 on, the card has a
/// checksum of itself.
constexpr const char* kGraphCard = "graph.json";
constexpr const char* kGraphFormat = "graphsieve graph";
constexpr int kGraphVersion = 3;
constexpr int kSealedGraphVersion = 3;

/// The card of a run folder. Folders of format 1 have no card; from format 2 on, result.json names the format.
constexpr const char* kRunCard = "card.json";
constexpr const char* kRunFormat = "graphsieve run";
constexpr int kRunVersion = 2;

/// The card of a study folder.
constexpr const char* kStudyCard = "request.json";
constexpr const char* kStudyFormat = "graphsieve study";
constexpr int kStudyVersion = 2;

}  // namespace graphsieve
