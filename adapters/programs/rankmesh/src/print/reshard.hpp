#pragma once

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "reshard_options.hpp"

namespace rankmesh::cli {

/// Prints what is moved of each class, over which levels, and who sends how much to whom.
/// @param all whether to print all messages, not only the largest
void print_reshard(const ReshardJob& job, const Resharding& result, bool all, Writer& out, Style style);
/// Prints the classes, the sums and all moves, as docs/reshard.md describes them.
void print_reshard_json(const ReshardJob& job, const Resharding& result, Writer& out);

}  // namespace rankmesh::cli
