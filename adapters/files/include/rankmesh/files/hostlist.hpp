#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/diagnostic.hpp"

/// @file
/// Hostlists: the short form in which SLURM writes the names of hosts.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// The hosts of a hostlist.
struct Hostlist {
  /// The names in order, repeated where the text repeats them. Only those of the parts that can be read.
  std::vector<std::string> names{};
  /// One diagnostic for each part that is no hostlist, with the part as its value.
  std::vector<Diagnostic> diagnostics{};
};

/// The parts of a text between commas, except commas inside brackets.
[[nodiscard]] std::vector<std::string_view> split_hostlist(std::string_view text);

/// Expands a hostlist: `login,node[01-03,07]` is login, node01, node02, node03, node07. Several brackets in
/// one name are counted like digits, the leftmost slowest; the first number of a range says how many digits
/// all have. There are no steps. At most 2^20 names. O(length of all names).
[[nodiscard]] Hostlist expand_hostlist(std::string_view text);

}  // namespace files
}  // namespace rankmesh
