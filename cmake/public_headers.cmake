# SPDX-License-Identifier: Apache-2.0
# The public headers, which `make install` installs: what a program that uses the library includes. They include one
# another and no other header of this project. Each compiles alone (tests/install). All that they declare outside of
# templates carries GRAPHSIEVE_API; the shared library hides everything else.
set(public_headers
    # Base
    base/error.h base/export.h base/mapped_files.h base/observer.h base/parallel.h base/utf8.h
    # Data: in memory, from files, generated
    base/array.h base/half.h base/large_memory.h graph/attention_graph.h data/dataset.h data/schema.h
    datasets/datasets.h datasets/generate.h datasets/graph_folder.h files/npy.h
    # Recipes
    recipe/embedded.h recipe/recipe.h recipe/recipe_io.h
    # Work: planning, training, and everything that is done with a trained run
    plan/plan.h train/decisions.h
    engine/experiment.h engine/predict.h engine/sparsify.h run/predicted_nodes.h
    compress/compress.h analysis/inspect.h report/explain.h report/report.h study/study.h
    # Operators on tensors
    ops/absorbed_attention/absorbed_attention.h ops/dropout_add/dropout_add.h ops/expand_block/expand_block.h
    ops/gather_rows/gather_rows.h ops/layer_norm/layer_norm.h ops/linear/linear.h
    ops/node_norm/node_norm.h ops/norm_relu_unit/norm_relu_unit.h ops/relu_dropout/relu_dropout.h
    ops/reservoir_sample/reservoir_sample.h
    ops/reservoir_sample/sample_rule.h ops/sparse_attention/sparse_attention.h ops/sparse_linear/sparse_linear.h
    ops/unit_rows/unit_rows.h)
