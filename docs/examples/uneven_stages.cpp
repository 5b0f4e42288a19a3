// Where the layers of a model lie when the stages are not equal.
#include <cstdio>
#include <rankmesh/topology.hpp>

int main() {
  const rankmesh::ParallelConfig config{.world_size = 512, .tensor = 2, .pipeline = 16};
  const rankmesh::PipelineLayout layout = rankmesh::make_pipeline_layout(
      {.layers = 126, .first_stage_layers = 7, .last_stage_layers = 7}, config);
  const rankmesh::Topology topology(config, layout);

  const rankmesh::LayerRange layers = layout.chunk({.stage = 1}).layers;
  std::printf("stage 1: %d layers from layer %d on\n", int(layers.count), int(layers.first));
  std::printf("%s\n", layout.to_string().c_str());
  for (const std::int64_t stage : layout.embedding_stages()) std::printf("embedding: stage %d\n", int(stage));
}
