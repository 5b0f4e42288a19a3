// Files with hosts in their lines: hostlists, plain lists, and the hostfiles of Open MPI and MPICH.

#include <algorithm>
#include <array>
#include <limits>

#include "cluster/host_lines.hpp"
#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A host with what follows it in a line: `node0 slots=8` or `node0:8 binding=rr`.
struct Entry {
  int line = 0;
  std::string host{};
  std::vector<std::pair<std::string, std::string>> values{};
};

/// Reads `KEY = VALUE ...`; blanks around the equals sign do not count.
void read_values(std::string_view text, Entry& entry, HostFileProblems& problems) {
  std::string spaced;
  for (const char c : text) spaced += c == '=' ? std::string(" = ") : std::string(1, c);
  const std::vector<std::string_view> words = split_words(spaced);
  for (std::size_t i = 0; i < words.size(); i += 3) {
    if (i + 2 >= words.size() || words[i + 1] != "=" || words[i] == "=" || words[i + 2] == "=") {
      problems.add(entry.line, in_quotes(words[i]),
                   "is not of the form KEY=VALUE, for example slots=8; put each host on a line of its own");
      return;
    }
    entry.values.emplace_back(words[i], words[i + 2]);
  }
}

std::vector<Entry> entries_of(const std::vector<HostLine>& lines, HostFileProblems& problems) {
  std::vector<Entry> entries;
  for (const HostLine& line : lines) {
    const std::size_t end = std::min(line.text.find_first_of(" \t"), line.text.size());
    Entry entry{.line = line.number, .host = line.text.substr(0, end)};
    read_values(std::string_view(line.text).substr(end), entry, problems);
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// The names of the first word of a line, without a user in front: `runner@node1`.
std::vector<std::string> hosts_of(const Entry& entry, HostFileProblems& problems) {
  const std::size_t at = entry.host.find('@');
  const bool has_user = at != std::string::npos && at > 0;
  return names_in(has_user ? std::string_view(entry.host).substr(at + 1) : entry.host, entry.line, problems);
}

HostFile read_openmpi(const std::vector<Entry>& entries, HostFileProblems& problems) {
  HostTable table;
  for (const Entry& entry : entries) {
    std::optional<int> slots;
    std::optional<int> most;
    for (const auto& [key, value] : entry.values) {
      const std::string word = lower_case(key);
      if (is_one_of(word, {"slots", "cpu", "count"})) {
        if (slots) problems.add(entry.line, "slots", "is given twice");
        slots = positive(value, key, entry.line, problems);
      } else if (is_one_of(word,
                           {"max_slots", "max-slots", "slots_max", "slots-max", "max_cpu", "max-cpu",
                            "cpu_max", "cpu-max", "max_count", "max-count", "count_max", "count-max"})) {
        if (most) problems.add(entry.line, "max_slots", "is given twice");
        most = positive(value, key, entry.line, problems);
      } else if (!is_one_of(word, {"username", "user-name", "user_name", "boards", "sockets", "cores",
                                   "sockets_per_board", "sockets-per-board", "cores_per_socket",
                                   "cores-per-socket", "cpu_set", "cpu-set", "port"})) {
        problems.add(entry.line, in_quotes(key), "is no key of a hostfile: there are slots and max_slots");
      }
    }
    if (slots && most && *most < *slots) {
      problems.add(entry.line, entry.host,
                   "has max_slots " + std::to_string(*most) + " below slots " + std::to_string(*slots));
    }
    for (const std::string& name : hosts_of(entry, problems)) {
      ListedHost& host = slots ? table.add_slots(name, *slots) : table.at(name);
      if (most) host.max_slots = most;
    }
  }
  HostFile file{.kind = HostFileKind::openmpi_hostfile, .hosts = table.take(), .distribution = "by slot"};
  file.host_of_rank = by_slot(file.hosts);
  return file;
}

HostFile read_hydra(const std::vector<Entry>& entries, HostFileProblems& problems) {
  HostFile file{.kind = HostFileKind::hydra_hostfile, .distribution = "by slot"};
  HostTable table;
  for (Entry entry : entries) {
    if (file.host_of_rank.size() > most_slots_of_file) break;
    for (const auto& [key, value] : entry.values) {
      if (!is_one_of(key, {"binding", "map", "user", "ifname"})) {
        problems.add(entry.line, in_quotes(key),
                     "is no key of a hostfile of MPICH: there are user, binding, map and ifname");
      }
    }
    const std::size_t colon = entry.host.rfind(':');
    std::optional<int> slots = 1;
    if (colon != std::string::npos) {
      slots = positive(std::string_view(entry.host).substr(colon + 1), "the number behind the colon",
                       entry.line, problems);
      entry.host.resize(colon);
    }
    for (const std::string& name : hosts_of(entry, problems)) {
      table.add_slots(name, slots.value_or(1));
      // Hydra merges only neighbouring lines of a host, so ranks follow the lines.
      file.host_of_rank.insert(file.host_of_rank.end(), static_cast<std::size_t>(slots.value_or(1)), name);
    }
  }
  file.hosts = table.take();
  return file;
}

/// `rank 3=node1 slot=2`
HostFile read_rankfile(const std::vector<HostLine>& lines, HostFileProblems& problems) {
  std::map<int, std::string> host_of_rank;
  for (const HostLine& line : lines) {
    Entry entry{.line = line.number};
    std::string_view text = line.text;
    if (!lower_case(text).starts_with("rank")) {
      problems.add(line.number, in_quotes(text), "is not of the form rank N=HOST slot=N");
      continue;
    }
    text.remove_prefix(4);
    read_values(text, entry, problems);
    if (entry.values.empty()) {
      problems.add(line.number, in_quotes(line.text), "is not of the form rank N=HOST slot=N");
      continue;
    }
    std::int64_t rank = -1;
    const std::string& number = entry.values.front().first;
    if (!read_number(number, rank).empty() || rank < 0 || rank > std::numeric_limits<int>::max()) {
      problems.add(line.number, "rank " + shown(number), "is not a number from 0 to 2147483647");
      continue;
    }
    entry.host = entry.values.front().second;
    const std::vector<std::string> names = hosts_of(entry, problems);
    if (names.size() > 1) problems.add(line.number, in_quotes(entry.host), "is not the name of one host");
    if (names.empty()) continue;
    if (!host_of_rank.emplace(static_cast<int>(rank), names.front()).second) {
      problems.add(line.number, "rank " + number, "is placed twice");
    }
  }
  HostFile file{.kind = HostFileKind::openmpi_rankfile, .distribution = "rankfile"};
  HostTable table;
  int next = 0;
  for (const auto& [rank, host] : host_of_rank) {
    if (rank != next) {
      problems.add(0, "rank " + std::to_string(next), "has no line");
      break;
    }
    ++next;
    file.host_of_rank.push_back(host);
    table.add_slots(host, 1);
  }
  file.hosts = table.take();
  return file;
}

/// A line for each rank, or several names between commas.
HostFile read_names(const std::vector<HostLine>& lines, HostFileProblems& problems) {
  HostFile file{.kind = HostFileKind::host_list, .distribution = "arbitrary"};
  HostTable table;
  for (const HostLine& line : lines) {
    if (line.text.find_first_of(" \t") != std::string::npos) {
      problems.add(line.number, in_quotes(line.text),
                   "is not the name of a host: put each host on its own line");
      continue;
    }
    for (std::string& name : names_in(line.text, line.number, problems)) {
      table.add_slots(name, 1);
      file.host_of_rank.push_back(std::move(name));
    }
  }
  file.hosts = table.take();
  // Each host once is a list of hosts, whose slots the file does not say.
  if (file.hosts.size() == file.host_of_rank.size()) {
    for (ListedHost& host : file.hosts) host.slots.reset();
  }
  return file;
}

HostFile read_hostlist(const HostLine& line, HostFileProblems& problems) {
  HostFile file;
  for (std::string& name : names_in(line.text, line.number, problems)) {
    file.hosts.push_back({.name = std::move(name)});
  }
  return file;
}

/// Whether a line begins with `host:`; several colons are an IPv6 address, one in a bracket is a mistake.
bool has_colon(const HostLine& line) {
  const std::string_view host = split_words(line.text).front();
  const std::size_t colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(':') == colon &&
         host.find(']', colon) == std::string_view::npos;
}

}  // namespace

HostFile read_host_lines(std::string_view text, HostFileProblems& problems) {
  const std::vector<HostLine> lines = lines_of(text, true, problems);
  if (lines.empty()) return {};
  const auto words = split_words(lines.front().text);
  if (lower_case(words.front()) == "rank" && words.size() > 1) return read_rankfile(lines, problems);
  const auto any = [&](auto has) { return std::any_of(lines.begin(), lines.end(), has); };
  const bool has_values = any([](const HostLine& line) { return line.text.find('=') != std::string::npos; });
  if (!has_values && any([](const HostLine& line) { return split_hostlist(line.text).size() > 1; })) {
    return lines.size() == 1 ? read_hostlist(lines.front(), problems) : read_names(lines, problems);
  }
  if (any(has_colon)) return read_hydra(entries_of(lines, problems), problems);
  if (has_values) return read_openmpi(entries_of(lines, problems), problems);
  const bool is_hostlist = lines.size() == 1 && lines.front().text.find('[') != std::string::npos;
  return is_hostlist ? read_hostlist(lines.front(), problems) : read_names(lines, problems);
}

}  // namespace rankmesh::files
