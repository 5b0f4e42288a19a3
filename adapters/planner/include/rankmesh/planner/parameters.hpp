#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/planner/model.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// Equal matrices or vectors of a model.
struct ParameterRow {
  /// What they are: `query`; `experts`: the matrices of all experts, three each if they have a gate.
  std::string part{};
  /// The product that gives `each`, with the numbers of the model: `4096 x 32 x 128`.
  std::string formula{};
  /// Values of one.
  std::int64_t each = 0;
  /// How many there are.
  std::int64_t count = 0;
  /// How many of them process one token.
  std::int64_t active = 0;
  /// Whether a token is multiplied by it: not so for tables and vectors.
  bool is_matrix = true;
  /// Whether tensor parallel ranks hold a part each, as in Megatron-Core; otherwise each holds all of it.
  bool is_divided = true;

  bool operator==(const ParameterRow&) const = default;
};

/// How many parameters a model has.
struct ParameterCount {
  /// All, without layers that predict further tokens.
  std::int64_t total = 0;
  /// Those that process one token: all but the routed experts that the token is not sent to.
  std::int64_t active = 0;
  /// One table of embeddings.
  std::int64_t embedding = 0;
  /// The layers that predict further tokens, without embedding and output matrix.
  std::int64_t mtp_unique = 0;
  /// The same with an embedding and an output matrix for each, as checkpoints store them.
  std::int64_t mtp_stored = 0;

  bool operator==(const ParameterCount&) const = default;
};

/// All parameters but those of the layers that predict further tokens. The counts of the rows add up to the
/// total.
/// @param model one with nothing for `check` to report
[[nodiscard]] std::vector<ParameterRow> parameter_table(const ModelConfig& model);
/// The table of one layer.
/// @param has_experts whether the layer has experts in the place of an MLP
[[nodiscard]] std::vector<ParameterRow> layer_parameters(const ModelConfig& model, bool has_experts);
/// The sums of the table.
[[nodiscard]] ParameterCount count_parameters(const ModelConfig& model);

}  // namespace planner
}  // namespace rankmesh
