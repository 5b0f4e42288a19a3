// The variables of a SLURM job: its hosts, their tasks, and the order in which tasks are placed.

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

#include "cluster/host_lines.hpp"
#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

struct Variable {
  int line = 0;
  std::string value{};
};

using Variables = std::map<std::string, Variable, std::less<>>;

/// `export NAME="VALUE"`, with or without export and quotes.
Variables variables_of(std::string_view text, HostFileProblems& problems) {
  Variables variables;
  for (const HostLine& line : lines_of(text, false, problems)) {
    std::string_view rest = line.text;
    for (const std::string_view word : {"export ", "declare -x ", "set "}) {
      if (rest.starts_with(word)) rest.remove_prefix(word.size());
    }
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || equals == 0 ||
        rest.substr(0, equals).find_first_of(" \t") != std::string_view::npos) {
      problems.add(line.number, in_quotes(line.text), "is not of the form NAME=VALUE");
      continue;
    }
    std::string_view value = rest.substr(equals + 1);
    while (value.ends_with(' ') || value.ends_with(';')) value.remove_suffix(1);
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    variables[std::string(rest.substr(0, equals))] = {line.number, std::string(value)};
  }
  return variables;
}

/// `2(x4),1`: a number for each host.
std::vector<int> repeated_numbers(const Variable& variable, std::string_view name,
                                  HostFileProblems& problems) {
  constexpr std::size_t most_hosts = std::size_t{1} << 20;
  std::vector<int> numbers;
  for (const std::string_view part : split_text(variable.value, ',')) {
    const std::size_t open = part.find('(');
    const bool is_repeated = open != std::string_view::npos;
    std::string_view times = is_repeated ? part.substr(open) : "(x1)";
    if (!times.starts_with("(x") || !times.ends_with(')')) {
      problems.add(variable.line, std::string(name) + " = " + shown(variable.value),
                   "is not of the form N or N(xTIMES), separated by commas");
      return {};
    }
    times = times.substr(2, times.size() - 3);
    const auto number = positive(part.substr(0, open), name, variable.line, problems);
    const auto count = positive(times, name, variable.line, problems, static_cast<int>(most_hosts));
    if (!number || !count) return {};
    if (static_cast<std::size_t>(*count) > most_hosts - numbers.size()) {
      problems.add(variable.line, std::string(name), "is for more than 1048576 hosts");
      return {};
    }
    numbers.insert(numbers.end(), static_cast<std::size_t>(*count), *number);
  }
  return numbers;
}

class EnvironmentReader {
 public:
  EnvironmentReader(std::string_view text, HostFileProblems& problems)
      : problems_(problems),
        variables_(variables_of(text, problems)) {}

  HostFile read() {
    HostFile file{.kind = HostFileKind::slurm_environment};
    const auto list = find({"SLURM_JOB_NODELIST", "SLURM_NODELIST", "SLURM_STEP_NODELIST"});
    if (!list) {
      problems_.add(0, "SLURM_JOB_NODELIST", "is missing: it names the hosts of the job");
      return file;
    }
    for (std::string& name : names_in(list->value, list->line, problems_)) {
      file.hosts.push_back({.name = std::move(name)});
    }
    check_number({"SLURM_JOB_NUM_NODES", "SLURM_NNODES"}, file.hosts.size(), "hosts", list->value);
    read_slots(file);
    read_cpus(file);
    read_order(file);
    return file;
  }

 private:
  [[nodiscard]] const Variable* find(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const auto found = variables_.find(name);
      if (found != variables_.end() && !found->second.value.empty()) return &found->second;
    }
    return nullptr;
  }

  [[nodiscard]] std::optional<int> number(std::string_view name) {
    const Variable* variable = find({name});
    constexpr int most = std::numeric_limits<int>::max();
    return variable ? positive(variable->value, name, variable->line, problems_, most) : std::nullopt;
  }

  void check_number(std::initializer_list<std::string_view> names, std::size_t count, std::string_view noun,
                    std::string_view of) {
    for (const std::string_view name : names) {
      const auto value = number(name);
      if (!value || static_cast<std::size_t>(*value) == count) continue;
      problems_.add(
          find({name})->line, std::string(name) + " = " + std::to_string(*value),
          "contradicts the " + std::to_string(count) + " " + std::string(noun) + " of " + shown(of));
    }
  }

  /// Puts one number of a list into each host.
  void read_list(std::string_view name, HostFile& file, std::optional<int> ListedHost::*member) {
    const Variable* variable = find({name});
    if (!variable) return;
    const std::vector<int> numbers = repeated_numbers(*variable, name, problems_);
    if (numbers.empty()) return;
    if (numbers.size() != file.hosts.size()) {
      problems_.add(variable->line, std::string(name) + " = " + shown(variable->value),
                    "is for " + counted(numbers.size(), "host") + ", and the job has " +
                        std::to_string(file.hosts.size()));
      return;
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) file.hosts[i].*member = numbers[i];
  }

  void read_slots(HostFile& file) {
    const bool is_step = !find({"SLURM_JOB_NODELIST", "SLURM_NODELIST"});
    read_list(
        is_step && find({"SLURM_STEP_TASKS_PER_NODE"}) ? "SLURM_STEP_TASKS_PER_NODE" : "SLURM_TASKS_PER_NODE",
        file, &ListedHost::slots);
    const auto each = number("SLURM_NTASKS_PER_NODE");
    for (ListedHost& host : file.hosts) {
      if (!host.slots && each) host.slots = each;
    }
    std::size_t tasks = 0;
    for (const ListedHost& host : file.hosts) {
      if (!host.slots) return;
      tasks += static_cast<std::size_t>(*host.slots);
    }
    if (find({"SLURM_TASKS_PER_NODE"})) {
      check_number({"SLURM_NTASKS", "SLURM_NPROCS"}, tasks, "tasks", "SLURM_TASKS_PER_NODE");
    }
  }

  void read_cpus(HostFile& file) { read_list("SLURM_JOB_CPUS_PER_NODE", file, &ListedHost::cpus); }

  /// `cyclic:block,NoPack`: the part before the colon is about hosts.
  void read_order(HostFile& file) {
    const Variable* variable = find({"SLURM_DISTRIBUTION"});
    const std::string text = variable ? variable->value : "block";
    std::string word = lower_case(text.substr(0, text.find_first_of(":,")));
    if (word == "*") word = "block";
    const int line = variable ? variable->line : 0;
    std::size_t tasks = 0;
    for (const ListedHost& host : file.hosts) {
      if (!host.slots) return;
      tasks += static_cast<std::size_t>(*host.slots);
    }
    // The reader of all files refuses so many.
    if (tasks > most_slots_of_file) return;
    file.distribution = word;
    if (word == "block") {
      file.host_of_rank = by_slot(file.hosts);
    } else if (word == "cyclic") {
      file.host_of_rank = dealt(file.hosts, 1);
    } else if (word.starts_with("plane")) {
      read_plane(word, line, file);
    } else if (word == "arbitrary") {
      read_arbitrary(file);
    } else {
      problems_.add(line, "SLURM_DISTRIBUTION = " + shown(text), "is not block, cyclic, plane or arbitrary");
    }
  }

  void read_plane(std::string_view word, int line, HostFile& file) {
    const auto size = word.starts_with("plane=") ? positive(word.substr(6), "plane", line, problems_)
                                                 : number("SLURM_DIST_PLANESIZE");
    if (word != "plane" && !word.starts_with("plane=")) {
      problems_.add(line, "SLURM_DISTRIBUTION = " + shown(word), "is not block, cyclic, plane or arbitrary");
    } else if (size) {
      file.distribution = "plane=" + std::to_string(*size);
      file.host_of_rank = dealt(file.hosts, *size);
    } else if (!find({"SLURM_DIST_PLANESIZE"}) && word == "plane") {
      problems_.add(line, "SLURM_DIST_PLANESIZE", "is missing: it is the size of a plane");
    }
  }

  void read_arbitrary(HostFile& file) {
    const Variable* list = find({"SLURM_ARBITRARY_NODELIST"});
    if (!list) return;
    for (std::string& name : names_in(list->value, list->line, problems_)) {
      file.host_of_rank.push_back(std::move(name));
    }
    std::map<std::string_view, int> left;
    for (const ListedHost& host : file.hosts) left[host.name] = host.slots.value_or(0);
    for (const std::string& name : file.host_of_rank) --left[name];
    for (const auto& [name, count] : left) {
      if (count == 0) continue;
      problems_.add(list->line, std::string(name),
                    "has " + std::to_string(std::abs(count)) + (count > 0 ? " fewer" : " more") +
                        " tasks in SLURM_ARBITRARY_NODELIST than in SLURM_TASKS_PER_NODE");
    }
  }

  HostFileProblems& problems_;
  Variables variables_;
};

}  // namespace

HostFile read_slurm_environment(std::string_view text, HostFileProblems& problems) {
  return EnvironmentReader(text, problems).read();
}

}  // namespace rankmesh::files
