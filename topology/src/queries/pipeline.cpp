#include "rankmesh/topology/pipeline.hpp"

#include <string>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/shard.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {

Pipeline::Pipeline(GroupFamily pipeline_groups, PipelineOptions options)
    : groups_(std::move(pipeline_groups)),
      options_(options) {}

Place Pipeline::locate(int rank) const {
  if (const auto place = groups_.locate(rank)) return *place;
  if (rank >= 0 && rank < groups_.world_size()) {
    const std::int64_t last = groups_.first_rank() + groups_.member_count() - 1;
    throw RangeError("rank " + std::to_string(rank) + " is in no pipeline: the layout has the ranks " +
                     std::to_string(groups_.first_rank()) + " .. " + std::to_string(last));
  }
  throw RangeError("rank " + std::to_string(rank) + " does not exist: the world has " +
                   counted(groups_.world_size(), "rank"));
}

void Pipeline::require_virtual_stage(int virtual_stage) const {
  const int count = options_.virtual_stages.value_or(1);
  if (virtual_stage >= 0 && virtual_stage < count) return;
  throw RangeError("virtual stage " + std::to_string(virtual_stage) + " does not exist: a stage has " +
                   std::to_string(count) + ", counted from 0");
}

int Pipeline::stage_of(int rank) const {
  return locate(rank).position;
}

int Pipeline::next_rank(int rank) const {
  Place place = locate(rank);
  place.position = place.position + 1 == stages() ? 0 : place.position + 1;
  return groups_.rank_at(place);
}

int Pipeline::previous_rank(int rank) const {
  Place place = locate(rank);
  place.position = place.position == 0 ? stages() - 1 : place.position - 1;
  return groups_.rank_at(place);
}

bool Pipeline::is_first_stage(int rank, std::optional<int> virtual_stage) const {
  if (virtual_stage) require_virtual_stage(*virtual_stage);
  return stage_of(rank) == 0 && virtual_stage.value_or(0) == 0;
}

bool Pipeline::is_last_stage(int rank, std::optional<int> virtual_stage) const {
  if (virtual_stage) require_virtual_stage(*virtual_stage);
  const int last = options_.virtual_stages.value_or(1) - 1;
  return stage_of(rank) == stages() - 1 && virtual_stage.value_or(last) == last;
}

bool Pipeline::is_before_split(std::int64_t stage) const noexcept {
  return !is_split() || stage < *options_.split_stage;
}

bool Pipeline::is_after_split(std::int64_t stage) const noexcept {
  return !is_split() || stage >= *options_.split_stage;
}

LayerRange Pipeline::layers(const LayerQuery& query) const {
  if (query.stage < 0 || query.stage >= stages()) {
    throw RangeError("stage " + std::to_string(query.stage) + " does not exist: there are " +
                     std::to_string(stages()) + ", counted from 0");
  }
  require_virtual_stage(query.virtual_stage);
  const std::int64_t chunks = std::int64_t{stages()} * options_.virtual_stages.value_or(1);
  if (query.layers < 1 || query.layers % chunks != 0) {
    std::string by = "pipeline = " + std::to_string(stages());
    if (options_.virtual_stages)
      by += " times virtual_pipeline = " + std::to_string(*options_.virtual_stages);
    const auto diagnostic =
        check_division({.field = "layers", .length = query.layers, .parts = chunks, .by = std::move(by)});
    throw ConfigError({diagnostic.value()});
  }
  const std::int64_t count = query.layers / chunks;
  const std::int64_t chunk = std::int64_t{query.virtual_stage} * stages() + query.stage;
  return {.first = chunk * count + 1, .count = count};
}

}  // namespace rankmesh
