// graphsieve predict: a trained run on its own graph or a changed one.
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/io/splits.h"
#include "graphsieve/train/experiment.h"
#include "graphsieve/train/loaded_run.h"
#include "graphsieve/train/tensor_memory.h"

namespace graphsieve {

void predict(Dataset data, const PredictRequest& request, Observer& observer) {
  install_tensor_memory();
  at::set_num_threads(1);
  const torch::NoGradGuard no_grad;
  if (!RunFolder(request.run).run().at("network").is_object())
    throw Error(request.run.string(), ": this run has no network (stage 1 alone); train one with graphsieve train --scores");
  LoadedRun run(request.run, data, observer);
  at::Tensor embeddings;
  ForwardOptions options;
  if (!request.embeddings.empty()) options.embeddings = &embeddings;
  const Probabilities p = probabilities(run.network(run.input(), options), data.labels);
  const Split split = run.same_graph ? read_split(run.folder.path / "split.json") : Split{};
  if (embeddings.defined()) write_npy(request.embeddings, embeddings);
  write_predictions(request.out, p, data, split);
}

}  // namespace graphsieve
