// graphsieve predict: a trained run on its own graph or a changed one.
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/io/splits.h"
#include "graphsieve/train/experiment.h"
#include "graphsieve/train/loaded_run.h"
#include "graphsieve/train/memory_limit.h"
#include "graphsieve/train/predictions.h"
#include "graphsieve/train/tensor_memory.h"

namespace graphsieve {

void predict(Dataset data, const PredictRequest& request, Observer& observer) {
  install_tensor_memory();
  at::set_num_threads(1);
  limit_memory(request.memory, request.out);
  const torch::NoGradGuard no_grad;
  if (!RunFolder(request.run).run().at("network").is_object())
    throw Error(request.run.string(), ": this run has no network (stage 1 alone); train one with graphsieve train --scores");
  LoadedRun run(request.run, data, observer);
  const Split split = run.same_graph ? read_split(run.folder.path / "split.json") : Split{};
  if (request.predictions == PredictedNodes::kSplit) {
    run.require_same_graph();
    write_predictions(request.out, run.probabilities(nodes_of(split)), data, split);
    if (request.embeddings.empty()) return;
  }
  const at::Tensor hidden = run.network->hidden(run.input(), ForwardOptions());
  if (!request.embeddings.empty()) write_npy(request.embeddings, hidden);
  if (request.predictions == PredictedNodes::kAll) write_predictions(request.out, run.network, hidden, data, split);
}

}  // namespace graphsieve
