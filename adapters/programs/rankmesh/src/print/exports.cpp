#include "print/exports.hpp"

#include <fmt/format.h>

#include "json.hpp"
#include "print/groups.hpp"

namespace rankmesh::cli {

void print_per_rank_json(const Topology& topology, const std::vector<GroupKind>& kinds, Names names,
                         Writer& out) {
  const std::vector<const KindFamily*> families = wanted_kinds(topology, kinds);
  out.put(fmt::format("{{\"world_size\": {},\n \"config\": {},\n \"ranks\": {{", topology.world_size(),
                      config_json(topology.config())));
  for (int rank = 0; rank < topology.world_size(); ++rank) {
    out.put(rank == 0 ? "\n  \"" : ",\n  \"");
    out.number(rank);
    out.put("\": {");
    std::string_view separator = "\"";
    for (const KindFamily* kind : families) {
      out.put(separator);
      out.put(name_of(*kind, names));
      separator = ", \"";
      const auto place = kind->family.locate(rank);
      if (!place) {
        out.put("\": null");
        continue;
      }
      out.put("\": {\"group\": ");
      out.number(place->group);
      out.put(", \"position\": ");
      out.number(place->position);
      out.put(", \"ranks\": ");
      put_group_json(out, kind->family, place->group);
      out.put('}');
    }
    out.put('}');
  }
  out.put("\n }}\n");
}

void print_astra_sim(const Topology& topology, const std::vector<GroupKind>& kinds, Writer& out) {
  std::int64_t number = 0;
  for (const KindFamily* kind : wanted_kinds(topology, kinds)) {
    for (int group = 0; group < kind->family.group_count(); ++group) {
      out.put(number == 0 ? "{\n  \"" : ",\n  \"");
      out.number(++number);
      out.put("\": ");
      put_group_json(out, kind->family, group);
    }
  }
  out.put("\n}\n");
}

void print_hostfile(const HostPlacement& placement, Writer& out) {
  out.put(
      "# For mpiexec --hostfile FILE --rankfile FILE, with the file of rankmesh export --format rankfile.\n"
      "# Without the rankfile, Open MPI decides which rank runs on which host.\n");
  for (int host = 0; host < static_cast<int>(placement.hosts().size()); ++host) {
    const int processes = placement.processes_on(host);
    if (processes == 0) continue;
    out.put(fmt::format("{} slots={}\n", placement.hosts()[static_cast<std::size_t>(host)].name, processes));
  }
}

void print_rankfile(const HostPlacement& placement, int cores_per_rank, Writer& out) {
  placement.each_rank([&](int rank, HostPlacement::Seat seat) {
    out.put("rank ");
    out.number(rank);
    out.put('=');
    out.put(placement.hosts()[static_cast<std::size_t>(seat.host)].name);
    out.put(" slot=");
    const std::int64_t first = std::int64_t{seat.slot} * cores_per_rank;
    out.number(first);
    if (cores_per_rank > 1) {
      out.put('-');
      out.number(first + cores_per_rank - 1);
    }
    out.put('\n');
  });
}

}  // namespace rankmesh::cli
