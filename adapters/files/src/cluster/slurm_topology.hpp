#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/host_lines.hpp"

namespace rankmesh::files {

/// Collects the switches or blocks of a SLURM topology and makes hosts with domains of them.
class SlurmTopology {
 public:
  explicit SlurmTopology(HostFileProblems& problems) : problems_(problems) {}

  /// @param nodes a hostlist of hosts; empty for a switch of switches
  /// @param children a hostlist of switches; empty for a switch of hosts
  void add_switch(int line, const std::string& name, std::string_view nodes, std::string_view children);
  void add_block(int line, const std::string& name, std::string_view nodes, std::string_view noun = "block");
  void add_block_size(int line, std::string_view text);

  /// Fills `hosts`, `levels` and `block_sizes`.
  void finish(HostFile& file);

 private:
  /// A switch or a block.
  struct Unit {
    int line = 0;
    std::string name{};
    std::vector<std::string> nodes{};
    std::vector<std::string> children{};
    /// The switch above; the place in `units_`, or -1.
    int parent = -1;
    /// 0 for a switch of hosts.
    int height = 0;
  };

  [[nodiscard]] bool is_new(int line, const std::string& name, std::string_view noun);
  void link_switches();
  void find_heights();
  void finish_tree(HostFile& file);
  void finish_blocks(HostFile& file);
  void add_hosts(HostFile& file);
  void check_block_sizes();
  void add_larger_blocks(HostFile& file);

  HostFileProblems& problems_;
  std::vector<Unit> units_;
  std::map<std::string, int, std::less<>> index_;
  std::vector<int> block_sizes_;
  int block_sizes_line_ = 0;
  bool has_switches_ = false;
  bool has_blocks_ = false;
  std::string block_noun_ = "block";
};

}  // namespace rankmesh::files
