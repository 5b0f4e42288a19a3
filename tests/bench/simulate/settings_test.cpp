#include "simulate/settings.hpp"

#include "rankmesh/topology/config_text.hpp"
#include "simulate/report.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::simulate;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

TEST_CASE("the command line says what is simulated and on which network") {
  const std::vector<std::string> args = {"--layout",   "world=16 tp=2",  "--layout",
                                         "world=8",    "--strategy",     "split",
                                         "--arrivals", "each",           "--latency",
                                         "900",        "--gap-per-byte", "20",
                                         "--polling",  "sleeps",         "--tcp-overhead",
                                         "7000",       "--late",         "3",
                                         "--format",   "json",           "--ranks-per-identifier",
                                         "64"};
  const Reading reading = read_command_line(args);
  CHECK_FALSE(reading.exit_code.has_value());
  const Settings& settings = reading.settings;
  REQUIRE(settings.layouts.size() == 2);
  CHECK(to_string(settings.layouts[0]) == "world=16 tp=2");
  CHECK((settings.strategies == std::vector{Strategy::split}));
  CHECK(settings.format == Format::json);
  CHECK(settings.conditions.arrivals == Arrivals::before_each_step);
  CHECK(settings.conditions.polling == Polling::with_sleeps);
  CHECK(settings.conditions.ranks_per_identifier == 64);
  CHECK(settings.conditions.late->by == 3s);
  CHECK(settings.conditions.late->deadline == 300s);
  Costs costs = default_costs();
  costs.mpi.latency = 900ns;
  costs.mpi.gap_per_byte = Time(20);
  costs.tcp.overhead = 7us;
  CHECK((settings.conditions.costs == costs));
}

TEST_CASE("everything that is wrong with a command line is told at once") {
  const std::vector<std::string> args = {"--layout", "world=16 tp=3", "--strategy", "magic",
                                         "--late",   "400",           "--arrivals", "never"};
  const Reading reading = read_command_line(args);
  CHECK(reading.exit_code == 2);
  for (const char* text : {"tensor = 3 does not divide", "\"magic\" is not split, create-group",
                           "are not below the deadline", "--arrivals"}) {
    CHECK_THAT(reading.err, ContainsSubstring(text));
  }
  CHECK(read_command_line({}).exit_code == 2);
}

TEST_CASE("results are a table or JSON") {
  const ParallelConfig layout{.world_size = 4};
  const Section section{
      .layout = layout,
      .outcomes = {simulate::simulate(Strategy::create_group, Topology(layout), {.costs = default_costs()})}};
  CHECK_THAT(to_text(section), ContainsSubstring("create-group"));
  const std::string json = to_json({section}, {.costs = default_costs()});
  CHECK_THAT(json, ContainsSubstring("\"latency_ps\": 2500000"));
  CHECK_THAT(json, ContainsSubstring("\"layout\": \"world=4\""));
}
