// Compares the getters of every rank with the recorded runs of the reference.

#include <map>
#include <string>

#include "rankmesh/comm/parallel_state.hpp"
#include "support/catch.hpp"
#include "support/vectors.hpp"

using namespace rankmesh;
using tests::Json;

namespace {

/// The state's value for each column of the file.
std::map<std::string, int> getters(const ParallelState& state) {
  return {{"rank", state.rank()},
          {"sp_world_size", state.sequence_parallel_world_size()},
          {"sp_rank", state.sequence_parallel_rank()},
          {"sp_src_rank", state.sequence_parallel_src_rank()},
          {"sdp_world_size", state.sequence_data_parallel_world_size()},
          {"sdp_rank", state.sequence_data_parallel_rank()},
          {"dp_rank_in_dp_group", *state.group(GroupKind::data).position_of(state.rank())},
          {"tp_rank_in_tp_group", state.tensor_parallel_rank()},
          {"pp_rank_in_pp_group", state.pipeline_parallel_rank()},
          {"mp_rank_in_mp_group", state.model_parallel_rank()}};
}

}  // namespace

TEST_CASE("the getters of every recorded rank, in training and in evaluation mode") {
  const Json file = tests::read_vectors("reference.json");
  const auto columns = file.at("rank_columns").get<std::vector<std::string>>();
  std::size_t rows = 0;
  for (const Json& recorded : file.at("cases")) {
    const Topology topology(tests::read_vector_config(recorded.at("config")));
    for (const Json& row : recorded.at("ranks")) {
      CAPTURE(recorded.at("config").dump(), row.dump());
      ++rows;
      ParallelState state(topology, row.at(0));
      const std::map<std::string, int> found = getters(state);
      std::size_t compared = 0;
      for (std::size_t column = 0; column < columns.size(); ++column) {
        const auto getter = found.find(columns[column]);
        if (getter == found.end()) continue;
        ++compared;
        CHECK(row.at(column).get<int>() == getter->second);
      }
      CHECK(compared == found.size());
      CHECK(state.virtual_pipeline_world_size() == topology.pipeline().virtual_stages());
      CHECK(state.pipeline_split_rank() == topology.config().split_rank);
      state.set_eval_mode();
      CHECK(state.sequence_parallel_world_size() == 1);
      CHECK(state.sequence_parallel_rank() == 0);
      CHECK(state.sequence_parallel_src_rank() == state.rank());
    }
  }
  CHECK(rows > 1000);
}
