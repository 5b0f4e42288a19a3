#include "rankmesh/comm/parallel_state.hpp"

#include <map>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using Virtual = ParallelState::VirtualStages;

namespace {

ParallelState state(const ParallelConfig& config, int rank) {
  return ParallelState(Topology(config), rank);
}

}  // namespace

TEST_CASE("before initialisation sequence parallelism is trivial and everything else an error") {
  const ParallelState none;
  CHECK(none.is_uninitialized());
  CHECK_FALSE(none.model_parallel_is_initialized());
  CHECK_FALSE(none.sequence_parallel_is_initialized());
  CHECK_FALSE(none.sequence_data_parallel_is_initialized());
  CHECK_FALSE(none.amax_reduction_is_initialized());
  CHECK_FALSE(none.is_training_mode());
  CHECK(none.sequence_parallel_world_size() == 1);
  CHECK(none.sequence_parallel_rank() == 0);
  const std::string message = "the parallel state is not initialised: call initialize() first";
  CHECK_THROWS_WITH(none.model_parallel_group(), message);
  CHECK_THROWS_WITH(none.sequence_parallel_group(), message);
  CHECK_THROWS_WITH(none.sequence_data_parallel_group(), message);
  CHECK_THROWS_WITH(none.sequence_data_parallel_world_size(), message);
  CHECK_THROWS_WITH(none.sequence_data_parallel_rank(), message);
  CHECK_THROWS_WITH(none.data_parallel_group(), message);
  CHECK_THROWS_WITH(none.data_parallel_world_size(), message);
  CHECK_THROWS_WITH(none.sequence_parallel_src_rank(), message);
  CHECK_THROWS_WITH(none.virtual_pipeline_rank(), message);
}

TEST_CASE("initialisation sets training mode; a second one is an error; teardown undoes all of it") {
  ParallelState s = state({.world_size = 8, .sequence = 4, .fp8 = true}, 6);
  CHECK_FALSE(s.is_uninitialized());
  CHECK(s.model_parallel_is_initialized());
  CHECK(s.amax_reduction_is_initialized());
  CHECK(s.is_training_mode());
  CHECK_THROWS_WITH(s.initialize(Topology({.world_size = 4}), 0),
                    "the parallel state is initialised already: call destroy() first");
  s.set_sequence_parallel_world_size(9);
  s.set_sequence_data_parallel_rank(3);
  s.destroy();
  CHECK(s.is_uninitialized());
  CHECK_FALSE(s.is_training_mode());
  CHECK(s.sequence_parallel_world_size() == 1);
  CHECK_THROWS_AS(s.sequence_data_parallel_rank(), StateError);
  s.initialize(Topology({.world_size = 4}), 3);
  CHECK(s.rank() == 3);
  CHECK_FALSE(s.amax_reduction_is_initialized());
  CHECK_THROWS_AS(state({.world_size = 4}, 4), RangeError);
}

TEST_CASE("evaluation mode makes sequence parallelism trivial, and training mode brings it back") {
  ParallelState s = state({.world_size = 8, .sequence = 4}, 6);
  CHECK(s.sequence_parallel_world_size() == 4);
  CHECK(s.sequence_parallel_rank() == 2);
  CHECK(s.sequence_parallel_src_rank() == 4);
  s.set_eval_mode();
  CHECK_FALSE(s.is_training_mode());
  CHECK(s.sequence_parallel_world_size() == 1);
  CHECK(s.sequence_parallel_rank() == 0);
  CHECK(s.sequence_parallel_src_rank() == 6);
  CHECK(s.sequence_data_parallel_world_size() == 8);
  CHECK(s.sequence_parallel_group().to_vector() == std::vector<int>{4, 5, 6, 7});
  s.set_training_mode();
  CHECK(s.sequence_parallel_world_size() == 4);
}

TEST_CASE("what a caller sets wins over the groups and the mode, until it is unset") {
  ParallelState s = state({.world_size = 8, .sequence = 4}, 6);
  for (const bool eval : {false, true}) {
    if (eval) s.set_eval_mode();
    s.set_sequence_parallel_world_size(2);
    s.set_sequence_parallel_rank(1);
    s.set_sequence_data_parallel_world_size(16);
    s.set_sequence_data_parallel_rank(11);
    CHECK(s.sequence_parallel_world_size() == 2);
    CHECK(s.sequence_parallel_rank() == 1);
    CHECK(s.sequence_parallel_src_rank() == 6);
    CHECK(s.sequence_data_parallel_world_size() == 16);
    CHECK(s.data_parallel_world_size() == 16);
    CHECK(s.sequence_data_parallel_rank() == 11);
    CHECK(s.data_parallel_rank() == 11);
    s.set_sequence_parallel_world_size(std::nullopt);
    s.set_sequence_parallel_rank(std::nullopt);
    s.set_sequence_data_parallel_world_size(std::nullopt);
    s.set_sequence_data_parallel_rank(std::nullopt);
    CHECK(s.sequence_parallel_world_size() == (eval ? 1 : 4));
    CHECK(s.sequence_parallel_rank() == (eval ? 0 : 2));
    CHECK(s.sequence_data_parallel_world_size() == 8);
    CHECK(s.sequence_data_parallel_rank() == 6);
  }
  s.set_sequence_parallel_world_size(0);
  CHECK_THROWS_WITH(s.sequence_parallel_src_rank(), ContainsSubstring("overridden with 0"));
}

TEST_CASE("overrides need no initialisation and survive it") {
  ParallelState s;
  s.set_sequence_parallel_world_size(4);
  s.set_sequence_data_parallel_world_size(8);
  CHECK(s.sequence_parallel_world_size() == 4);
  CHECK(s.sequence_data_parallel_world_size() == 8);
  s.initialize(Topology({.world_size = 2}), 0);
  CHECK(s.sequence_parallel_world_size() == 4);
}

TEST_CASE("data parallelism means the sequence_data group, its rank list the data group") {
  const ParallelState s = state({.world_size = 8, .sequence = 4}, 6);
  CHECK(s.data_parallel_group().size() == 8);
  CHECK(s.data_parallel_world_size() == 8);
  CHECK(s.data_parallel_rank() == 6);
  CHECK(s.data_parallel_src_rank() == 0);
  CHECK(s.data_parallel_global_ranks().to_vector() == std::vector<int>{2, 6});
}

TEST_CASE("the model group has its real size and position") {
  const ParallelState s = state({.world_size = 16, .tensor = 2, .pipeline = 4}, 5);
  CHECK(s.model_parallel_world_size() == 8);
  CHECK(s.model_parallel_rank() == 3);
  CHECK(s.model_parallel_src_rank() == 0);
  CHECK(s.tensor_parallel_world_size() == 2);
  CHECK(s.tensor_parallel_rank() == 1);
  CHECK(s.tensor_parallel_src_rank() == 4);
  CHECK(s.pipeline_parallel_world_size() == 4);
  CHECK(s.pipeline_parallel_rank() == 1);
}

TEST_CASE("every rank knows the embedding ranks of its own pipeline group") {
  for (int rank = 0; rank < 16; ++rank) {
    const ParallelState s = state({.world_size = 16, .tensor = 2, .pipeline = 4, .split_rank = 2}, rank);
    const int r = rank % 4;
    CHECK(s.pipeline_global_ranks().to_vector() == std::vector<int>{r, r + 4, r + 8, r + 12});
    CHECK(s.embedding_global_ranks().to_vector() == std::vector<int>{r, r + 8, r + 12});
    CHECK(s.position_embedding_global_ranks().to_vector() == std::vector<int>{r, r + 8});
    CHECK(s.is_rank_in_embedding_group() == (rank / 4 != 1));
    CHECK(s.is_rank_in_position_embedding_group() == (rank / 4 == 0 || rank / 4 == 2));
    CHECK(s.pipeline_first_rank() == r);
    CHECK(s.pipeline_last_rank() == r + 12);
    CHECK(s.pipeline_next_rank() == (rank + 4) % 16);
    CHECK(s.pipeline_prev_rank() == (rank + 12) % 16);
    CHECK(s.is_pipeline_stage_before_split() == (rank / 4 < 2));
    CHECK(s.is_pipeline_stage_after_split() == (rank / 4 >= 2));
    CHECK(s.is_pipeline_stage_at_split() == (rank / 4 == 1));
    CHECK(s.pipeline_split_rank() == 2);
  }
}

TEST_CASE("virtual stages: first and last only while working on the first and last of them") {
  ParallelState first = state({.world_size = 4, .pipeline = 4, .virtual_pipeline = 2}, 0);
  ParallelState last = state({.world_size = 4, .pipeline = 4, .virtual_pipeline = 2}, 3);
  CHECK(first.virtual_pipeline_world_size() == 2);
  CHECK(first.virtual_pipeline_rank() == 0);
  CHECK(first.is_pipeline_first_stage());
  CHECK(first.is_rank_in_embedding_group(Virtual::considered));
  CHECK_FALSE(last.is_pipeline_last_stage());
  CHECK(last.is_pipeline_last_stage(Virtual::ignored));
  CHECK_FALSE(last.is_rank_in_embedding_group(Virtual::considered));
  CHECK(last.is_rank_in_embedding_group());
  first.set_virtual_pipeline_rank(1);
  last.set_virtual_pipeline_rank(1);
  CHECK_FALSE(first.is_pipeline_first_stage());
  CHECK(first.is_pipeline_first_stage(Virtual::ignored));
  CHECK(last.is_pipeline_last_stage());
  CHECK(last.is_rank_in_embedding_group(Virtual::considered));
  CHECK_THROWS_WITH(last.set_virtual_pipeline_rank(2),
                    "virtual stage 2 does not exist: the configuration has 2, counted from 0");

  ParallelState plain = state({.world_size = 4, .pipeline = 4}, 0);
  CHECK_FALSE(plain.virtual_pipeline_world_size().has_value());
  CHECK_FALSE(plain.virtual_pipeline_rank().has_value());
  CHECK_THROWS_WITH(plain.set_virtual_pipeline_rank(0), ContainsSubstring("the configuration has none"));
}

TEST_CASE("a split with one stage has no effect, but its reader returns it") {
  const ParallelState s = state({.world_size = 4, .split_rank = 7}, 2);
  CHECK(s.pipeline_split_rank() == 7);
  CHECK(s.is_pipeline_stage_before_split());
  CHECK(s.is_pipeline_stage_after_split());
  CHECK(s.is_pipeline_stage_at_split());
  CHECK(s.is_rank_in_embedding_group());
}

TEST_CASE("a process may hold several states, and they move") {
  ParallelState a = state({.world_size = 8, .tensor = 2}, 3);
  const ParallelState b = state({.world_size = 8, .tensor = 4}, 3);
  const ParallelState moved = std::move(a);
  CHECK(moved.tensor_parallel_group().to_vector() == std::vector<int>{2, 3});
  CHECK(b.tensor_parallel_group().to_vector() == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a rank knows its part of what its groups share") {
  // tp = 2, dp = 2, pp = 4: rank 7 is at tensor position 1, data position 1, stage 1.
  ParallelState state(Topology({.world_size = 16, .tensor = 2, .pipeline = 4}), 7);
  CHECK(state.shard(GroupKind::tensor, 256) == IndexRange{.first = 128, .count = 128});
  CHECK(state.shard(GroupKind::data, 6) == IndexRange{.first = 3, .count = 3});
  CHECK(state.shard(GroupKind::sequence, 5) == IndexRange{.first = 0, .count = 5});
  CHECK_THROWS_AS(state.shard(GroupKind::tensor, 3), ConfigError);
  CHECK_THROWS_AS(state.shard(GroupKind::embedding, 2), RangeError);
  CHECK(state.pipeline_layers(8) == LayerRange{.first = 3, .count = 2});
  CHECK_THROWS_AS(state.pipeline_layers(6), ConfigError);

  ParallelState chunks(Topology({.world_size = 4, .pipeline = 4, .virtual_pipeline = 2}), 1);
  CHECK(chunks.pipeline_layers(16) == LayerRange{.first = 3, .count = 2});
  chunks.set_virtual_pipeline_rank(1);
  CHECK(chunks.pipeline_layers(16) == LayerRange{.first = 11, .count = 2});
  // shard() uses the actual group, also after set_eval_mode().
  ParallelState sequence(Topology({.world_size = 4, .sequence = 2}), 1);
  sequence.set_eval_mode();
  CHECK(sequence.shard(GroupKind::sequence, 8) == IndexRange{.first = 4, .count = 4});
}
