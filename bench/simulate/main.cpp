#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "report.hpp"
#include "settings.hpp"

namespace {

using namespace rankmesh::simulate;

void print(const std::string& text, std::FILE* to) {
  std::fputs(text.c_str(), to);
  std::fflush(to);
}

Section run(const rankmesh::ParallelConfig& layout, const Settings& settings) {
  const rankmesh::Topology topology(layout);
  Conditions conditions = settings.conditions;
  if (conditions.late) conditions.late->rank = topology.world_size() - 1;
  Section section{.layout = layout};
  for (const Strategy strategy : settings.strategies) {
    section.outcomes.push_back(simulate(strategy, topology, conditions));
  }
  return section;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Reading reading = read_command_line(std::vector<std::string>(argv + 1, argv + argc));
    print(reading.out, stdout);
    print(reading.err, stderr);
    if (reading.exit_code) return *reading.exit_code;
    std::vector<Section> sections;
    for (const rankmesh::ParallelConfig& layout : reading.settings.layouts) {
      sections.push_back(run(layout, reading.settings));
      if (reading.settings.format == Format::text) print(to_text(sections.back()) + "\n", stdout);
    }
    if (reading.settings.format == Format::json)
      print(to_json(sections, reading.settings.conditions), stdout);
    return 0;
  } catch (const std::exception& error) {
    print(std::string("rankmesh_simulate: ") + error.what() + "\n", stderr);
    return 1;
  }
}
