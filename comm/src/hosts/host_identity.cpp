#include "rankmesh/comm/host_identity.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The first line of a file; empty if it cannot be read.
std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string message_of(const std::vector<std::string>& problems) {
  std::string text = "the hosts of the ranks cannot be told apart";
  if (problems.size() == 1) return text + ": " + problems.front();
  text += ", " + counted(problems.size(), "problem") + ":";
  for (const std::string& problem : problems) text += "\n  " + problem;
  return text;
}

/// One host, as the identities of its ranks describe it.
struct Machine {
  std::string name{};
  std::string fabric{};
  int ranks = 0;
};

/// What the ranks say, by identity and host.
class Survey {
 public:
  explicit Survey(const HostsOfRanks& hosts) : hosts_(hosts) {
    std::map<std::string, int> numbers;
    for (const HostIdentity& identity : hosts.identities) {
      const auto number = static_cast<int>(numbers.size());
      const auto [found, is_new] = numbers.emplace(host_key(identity), number);
      if (is_new)
        machines_.push_back({identity.name.empty() ? identity.boot : identity.name, identity.fabric});
      machine_of_identity_.push_back(found->second);
    }
    for (const int identity : hosts.identity_of_rank) ++machines_[index(machine_of(identity))].ranks;
  }

  [[nodiscard]] std::vector<std::string> problems() const {
    std::vector<std::string> problems;
    RankSet unknown;
    std::map<std::string, std::set<int>> machines_of_name;
    std::vector<std::set<std::string>> fabrics(machines_.size());
    for (std::size_t i = 0; i < hosts_.identities.size(); ++i) {
      const HostIdentity& identity = hosts_.identities[i];
      const int machine = machine_of_identity_[i];
      if (identity.name.empty() && identity.boot.empty()) unknown.insert(ranks_of({static_cast<int>(i)}));
      if (!identity.name.empty()) machines_of_name[identity.name].insert(machine);
      fabrics[index(machine)].insert(identity.fabric);
    }
    if (!unknown.empty()) {
      problems.push_back("no name and no boot id could be read on " + unknown.to_string() +
                         ": set the option host there");
    }
    for (const auto& [name, machines] : machines_of_name) {
      if (machines.size() > 1) problems.push_back(several_boots(name));
    }
    for (std::size_t machine = 0; machine < fabrics.size(); ++machine) {
      if (fabrics[machine].size() > 1) problems.push_back(several_fabrics(static_cast<int>(machine)));
    }
    return problems;
  }

  [[nodiscard]] FoundHosts found() const {
    const bool has_fabrics = std::any_of(machines_.begin(), machines_.end(),
                                         [](const Machine& machine) { return !machine.fabric.empty(); });
    const auto domain_of = [](const Machine& machine) {
      return machine.fabric.empty() ? machine.name + " alone" : machine.fabric;
    };
    // Hosts of one fabric together, in the order of their first ranks: a domain is then a range of slots.
    std::map<std::string, std::vector<int>> members;
    std::vector<std::string> domains;
    for (std::size_t machine = 0; machine < machines_.size(); ++machine) {
      std::vector<int>& own = members[domain_of(machines_[machine])];
      if (own.empty()) domains.push_back(domain_of(machines_[machine]));
      own.push_back(static_cast<int>(machine));
    }
    std::vector<ClusterHost> hosts;
    std::vector<int> next_slot(machines_.size());
    int slots = 0;
    for (const std::string& domain : domains) {
      for (const int number : members[domain]) {
        const Machine& machine = machines_[index(number)];
        hosts.push_back({machine.name, machine.ranks, {}});
        if (has_fabrics) hosts.back().domains.push_back(domain);
        next_slot[index(number)] = slots;
        slots += machine.ranks;
      }
    }
    std::vector<std::string> levels;
    if (has_fabrics) levels.emplace_back("nvlink");
    FoundHosts result{.cluster = Cluster(std::move(levels), std::move(hosts))};
    result.slot_of_rank.reserve(hosts_.identity_of_rank.size());
    for (const int identity : hosts_.identity_of_rank) {
      result.slot_of_rank.push_back(next_slot[index(machine_of(identity))]++);
    }
    return result;
  }

 private:
  [[nodiscard]] static std::size_t index(int number) { return static_cast<std::size_t>(number); }
  [[nodiscard]] int machine_of(int identity) const { return machine_of_identity_[index(identity)]; }

  [[nodiscard]] RankSet ranks_of(const std::set<int>& identities) const {
    std::vector<int> ranks;
    for (std::size_t rank = 0; rank < hosts_.identity_of_rank.size(); ++rank) {
      if (identities.contains(hosts_.identity_of_rank[rank])) ranks.push_back(static_cast<int>(rank));
    }
    return RankSet::of_ranks(ranks);
  }

  /// `X on ranks 0-3, Y on rank 4`: the values of the identities for which a condition holds.
  template <typename Condition, typename Value>
  [[nodiscard]] std::string values(const Condition& counts, const Value& value_of) const {
    std::vector<std::string> order;
    std::map<std::string, std::set<int>> holders;
    for (std::size_t i = 0; i < hosts_.identities.size(); ++i) {
      if (!counts(i)) continue;
      const std::string value = value_of(hosts_.identities[i]);
      if (!holders.contains(value)) order.push_back(value);
      holders[value].insert(static_cast<int>(i));
    }
    return joined(order, ", ", [&](const std::string& value) {
      return value + " on " + ranks_of(holders[value]).to_string();
    });
  }

  [[nodiscard]] std::string several_boots(const std::string& name) const {
    const auto has_name = [&](std::size_t identity) { return hosts_.identities[identity].name == name; };
    const auto boot = [](const HostIdentity& identity) {
      if (!identity.boot.empty()) return "boot id " + identity.boot;
      return identity.machine.empty() ? std::string("none") : "machine id " + identity.machine;
    };
    return "ranks whose host is named " + name + " are on different ones: " + values(has_name, boot) +
           "; give the hosts different names, in the option host if not otherwise";
  }

  [[nodiscard]] std::string several_fabrics(int machine) const {
    const auto is_on = [&](std::size_t identity) { return machine_of_identity_[identity] == machine; };
    const auto fabric = [](const HostIdentity& identity) {
      return identity.fabric.empty() ? std::string("none") : identity.fabric;
    };
    return "ranks on host " + machines_[index(machine)].name +
           " are in different NVLink fabrics: " + values(is_on, fabric) +
           "; leave the fabric out of the option host";
  }

  const HostsOfRanks& hosts_;
  std::vector<int> machine_of_identity_;
  /// In the order of their first ranks.
  std::vector<Machine> machines_;
};

}  // namespace

HostIdentity this_host() {
  return {.name = first_line("/proc/sys/kernel/hostname"),
          .boot = first_line("/proc/sys/kernel/random/boot_id"),
          .machine = first_line("/etc/machine-id")};
}

std::string host_key(const HostIdentity& host) {
  // A name has no line break.
  return host.boot.empty() ? "machine\n" + host.name + "\n" + host.machine : "boot\n" + host.boot;
}

HostError::HostError(std::vector<std::string> problems)
    : Error(message_of(problems)),
      problems_(std::move(problems)) {}

void HostsOfRanks::add(const HostIdentity& host) {
  const auto known = std::find(identities.begin(), identities.end(), host);
  identity_of_rank.push_back(static_cast<int>(known - identities.begin()));
  if (known == identities.end()) identities.push_back(host);
}

void HostsOfRanks::append(const HostsOfRanks& next) {
  std::map<HostIdentity, int> numbers;
  for (const HostIdentity& identity : identities) numbers.emplace(identity, static_cast<int>(numbers.size()));
  std::vector<int> number_here;
  for (const HostIdentity& identity : next.identities) {
    const auto [found, is_new] = numbers.emplace(identity, static_cast<int>(numbers.size()));
    if (is_new) identities.push_back(identity);
    number_here.push_back(found->second);
  }
  for (const int identity : next.identity_of_rank) {
    identity_of_rank.push_back(number_here[static_cast<std::size_t>(identity)]);
  }
}

FoundHosts find_hosts(const HostsOfRanks& hosts) {
  const Survey survey(hosts);
  if (std::vector<std::string> problems = survey.problems(); !problems.empty()) {
    throw HostError(std::move(problems));
  }
  return survey.found();
}

}  // namespace rankmesh
