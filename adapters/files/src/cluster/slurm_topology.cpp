#include "cluster/slurm_topology.hpp"

#include <algorithm>

#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

bool is_power_of_two(int number) {
  return number > 0 && (number & (number - 1)) == 0;
}

}  // namespace

bool SlurmTopology::is_new(int line, const std::string& name, std::string_view noun) {
  if (name.empty()) {
    problems_.add(line, "a " + std::string(noun), "has no name");
    return false;
  }
  if (index_.emplace(name, static_cast<int>(units_.size())).second) return true;
  problems_.add(line, std::string(noun) + " " + shown(name), "is defined twice");
  return false;
}

void SlurmTopology::add_switch(int line, const std::string& name, std::string_view nodes,
                               std::string_view children) {
  has_switches_ = true;
  if (!is_new(line, name, "switch")) return;
  if (nodes.empty() == children.empty()) {
    problems_.add(line, "switch " + shown(name),
                  nodes.empty() ? "has neither hosts nor switches" : "has both hosts and switches");
  }
  Unit unit{.line = line, .name = name};
  if (!nodes.empty()) unit.nodes = names_in(nodes, line, problems_);
  if (!children.empty()) unit.children = names_in(children, line, problems_);
  units_.push_back(std::move(unit));
}

void SlurmTopology::add_block(int line, const std::string& name, std::string_view nodes,
                              std::string_view noun) {
  has_blocks_ = true;
  block_noun_ = noun;
  if (!is_new(line, name, noun)) return;
  if (nodes.empty()) problems_.add(line, std::string(noun) + " " + shown(name), "has no hosts");
  Unit unit{.line = line, .name = name};
  if (!nodes.empty()) unit.nodes = names_in(nodes, line, problems_);
  units_.push_back(std::move(unit));
}

void SlurmTopology::add_block_size(int line, std::string_view text) {
  block_sizes_line_ = line;
  has_blocks_ = true;
  if (const auto size = positive(text, "the block size", line, problems_, 1 << 20))
    block_sizes_.push_back(*size);
}

void SlurmTopology::link_switches() {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    for (const std::string& child : units_[i].children) {
      const auto found = index_.find(child);
      if (found == index_.end()) {
        problems_.add(units_[i].line, "switch " + shown(child), "is not defined");
        continue;
      }
      Unit& below = units_[static_cast<std::size_t>(found->second)];
      if (below.parent >= 0) {
        problems_.add(units_[i].line, "switch " + shown(child),
                      "is below two switches, " + units_[static_cast<std::size_t>(below.parent)].name +
                          " and " + units_[i].name);
        continue;
      }
      below.parent = static_cast<int>(i);
    }
  }
}

void SlurmTopology::find_heights() {
  constexpr int most = 64;
  for (const Unit& unit : units_) {
    int height = 0;
    for (int above = unit.parent; above >= 0; above = units_[static_cast<std::size_t>(above)].parent) {
      if (++height > most) {
        problems_.add(unit.line, "switch " + shown(unit.name),
                      "is below itself, or below more than " + std::to_string(most) + " switches");
        return;
      }
      int& highest = units_[static_cast<std::size_t>(above)].height;
      highest = std::max(highest, height);
    }
  }
}

void SlurmTopology::add_hosts(HostFile& file) {
  std::map<std::string_view, const Unit*> unit_of;
  for (const Unit& unit : units_) {
    for (const std::string& node : unit.nodes) {
      const auto [found, is_new] = unit_of.emplace(node, &unit);
      if (!is_new) {
        problems_.add(unit.line, "host " + shown(node),
                      "is in two domains, " + found->second->name + " and " + unit.name);
        continue;
      }
      ListedHost host{.name = node};
      host.domains.resize(file.levels.size());
      for (const Unit* at = &unit; at != nullptr;
           at = at->parent < 0 ? nullptr : &units_[static_cast<std::size_t>(at->parent)]) {
        host.domains[file.levels.size() - 1 - static_cast<std::size_t>(at->height)] = at->name;
      }
      file.hosts.push_back(std::move(host));
    }
  }
}

void SlurmTopology::finish_tree(HostFile& file) {
  link_switches();
  find_heights();
  problems_.require_none();
  int highest = 0;
  for (const Unit& unit : units_) highest = std::max(highest, unit.height);
  for (int height = highest; height >= 0; --height) {
    file.levels.push_back(highest == 0 ? "switch" : "switch" + std::to_string(height + 1));
  }
  add_hosts(file);
}

void SlurmTopology::check_block_sizes() {
  if (block_sizes_.empty()) return;
  for (std::size_t i = 1; i < block_sizes_.size(); ++i) {
    const int ratio = block_sizes_[i] / block_sizes_[i - 1];
    if (ratio >= 2 && block_sizes_[i] % block_sizes_[i - 1] == 0 && is_power_of_two(ratio)) continue;
    problems_.add(block_sizes_line_, "the block size " + std::to_string(block_sizes_[i]),
                  "is not 2, 4, 8, ... times the size before it, " + std::to_string(block_sizes_[i - 1]));
  }
  for (const Unit& block : units_) {
    if (static_cast<int>(block.nodes.size()) >= block_sizes_.front()) continue;
    problems_.add(block.line, "block " + shown(block.name),
                  "has " + counted(block.nodes.size(), "host") + ", fewer than the block size " +
                      std::to_string(block_sizes_.front()));
  }
}

/// Larger blocks are runs of consecutive ones.
void SlurmTopology::add_larger_blocks(HostFile& file) {
  std::vector<std::string> blocks;
  for (const Unit& block : units_) blocks.push_back(block.name);
  for (std::size_t i = 1; i < block_sizes_.size(); ++i) {
    const auto run = static_cast<std::size_t>(block_sizes_[i] / block_sizes_.front());
    if (run >= units_.size()) continue;
    file.levels.insert(file.levels.begin(), "block_of_" + std::to_string(block_sizes_[i]));
    for (ListedHost& host : file.hosts) {
      const auto at = static_cast<std::size_t>(index_.find(host.domains.back())->second);
      const std::size_t first = at / run * run;
      const std::size_t last = std::min(first + run, blocks.size()) - 1;
      host.domains.insert(host.domains.begin(), blocks[first] + ".." + blocks[last]);
    }
  }
}

void SlurmTopology::finish_blocks(HostFile& file) {
  check_block_sizes();
  problems_.require_none();
  file.levels = {block_noun_};
  file.block_sizes = block_sizes_;
  add_hosts(file);
  add_larger_blocks(file);
}

void SlurmTopology::finish(HostFile& file) {
  if (has_switches_ && has_blocks_) {
    problems_.add(0, "", "has both switches and blocks: a topology has one of them");
    problems_.require_none();
  }
  if (has_switches_) return finish_tree(file);
  if (has_blocks_) return finish_blocks(file);
}

}  // namespace rankmesh::files
