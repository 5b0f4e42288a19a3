#include "rankmesh/comm/parallel_state.hpp"

#include <string>
#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {

void ParallelState::initialize(Topology topology, int rank) {
  if (here_) throw StateError("the parallel state is initialised already: call destroy() first");
  if (rank < 0 || rank >= topology.world_size()) {
    throw RangeError("rank " + std::to_string(rank) + " does not exist: the world has " +
                     counted(topology.world_size(), "rank"));
  }
  std::optional<int> virtual_rank;
  if (topology.pipeline().virtual_stages()) virtual_rank = 0;
  here_.emplace(Here{std::move(topology), rank, virtual_rank});
  training_ = true;
}

const ParallelState::Here& ParallelState::here() const {
  if (here_) return *here_;
  throw StateError("the parallel state is not initialised: call initialize() first");
}

int ParallelState::position(GroupKind kind) const {
  return topology().family(kind).locate(rank())->position;
}

IndexRange ParallelState::shard(GroupKind kind, std::int64_t length) const {
  const RankList members = group(kind);
  return rankmesh::shard(
      {.length = length, .parts = members.size(), .part = members.position_of(rank()).value()});
}

LayerRange ParallelState::pipeline_layers(std::int64_t layers) const {
  return topology().pipeline().layers({.layers = layers,
                                       .stage = pipeline_parallel_rank(),
                                       .virtual_stage = virtual_pipeline_rank().value_or(0)});
}

RankList ParallelState::of_own_pipeline(GroupKind kind) const {
  return topology().family(kind).group(pipeline_parallel_group().group());
}

bool ParallelState::amax_reduction_is_initialized() const noexcept {
  return here_ && here_->topology.find(GroupKind::amax) != nullptr;
}

int ParallelState::sequence_parallel_world_size() const {
  if (overrides_.sequence_size) return *overrides_.sequence_size;
  return here_ && training_ ? sequence_parallel_group().size() : 1;
}

int ParallelState::sequence_parallel_rank() const {
  if (overrides_.sequence_rank) return *overrides_.sequence_rank;
  return here_ && training_ ? position(GroupKind::sequence) : 0;
}

int ParallelState::sequence_data_parallel_world_size() const {
  if (overrides_.sequence_data_size) return *overrides_.sequence_data_size;
  return sequence_data_parallel_group().size();
}

int ParallelState::sequence_data_parallel_rank() const {
  if (overrides_.sequence_data_rank) return *overrides_.sequence_data_rank;
  return position(GroupKind::sequence_data);
}

int ParallelState::sequence_parallel_src_rank() const {
  const int size = sequence_parallel_world_size();
  if (size < 1) {
    throw StateError("the sequence parallel world size is overridden with " + std::to_string(size) +
                     ": there is no source rank in a group of that size");
  }
  return rank() / size * size;
}

std::optional<int> ParallelState::virtual_pipeline_world_size() const {
  return topology().pipeline().virtual_stages();
}

std::optional<int> ParallelState::virtual_pipeline_rank() const {
  return here().virtual_rank;
}

void ParallelState::set_virtual_pipeline_rank(int virtual_rank) {
  const int count = here().topology.pipeline().virtual_stages().value_or(0);
  if (virtual_rank < 0 || virtual_rank >= count) {
    throw RangeError("virtual stage " + std::to_string(virtual_rank) +
                     " does not exist: the configuration has " +
                     (count == 0 ? "none" : std::to_string(count) + ", counted from 0"));
  }
  here_->virtual_rank = virtual_rank;
}

std::optional<int> ParallelState::virtual_stage(VirtualStages mode) const {
  return mode == VirtualStages::ignored ? std::nullopt : here().virtual_rank;
}

bool ParallelState::is_pipeline_first_stage(VirtualStages mode) const {
  return topology().pipeline().is_first_stage(rank(), virtual_stage(mode));
}

bool ParallelState::is_pipeline_last_stage(VirtualStages mode) const {
  return topology().pipeline().is_last_stage(rank(), virtual_stage(mode));
}

bool ParallelState::is_pipeline_stage_before_split() const {
  return topology().pipeline().is_before_split(pipeline_parallel_rank());
}

bool ParallelState::is_pipeline_stage_after_split() const {
  return topology().pipeline().is_after_split(pipeline_parallel_rank());
}

bool ParallelState::is_pipeline_stage_at_split() const {
  return topology().pipeline().is_at_split(pipeline_parallel_rank());
}

bool ParallelState::is_rank_in_embedding_group(VirtualStages mode) const {
  const RankList ranks = embedding_global_ranks();
  if (!ranks.contains(rank())) return false;
  if (rank() == ranks.front()) return is_pipeline_first_stage(mode);
  if (rank() == ranks.back()) return is_pipeline_last_stage(mode);
  return true;
}

bool ParallelState::is_rank_in_position_embedding_group() const {
  return position_embedding_global_ranks().contains(rank());
}

}  // namespace rankmesh
