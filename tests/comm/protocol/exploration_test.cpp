// Every rank is stopped at every message that it sends or takes, for ever or for a while, in small worlds;
// and every pair of ranks so. All running ranks must end the bring-up in time, with one verdict and the right
// names.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "small_worlds.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using Outcome = Verdict::Outcome;

namespace {

constexpr int rounds = 3;

/// A rank stops before its n-th message.
struct Stop {
  int rank = 0;
  int message = 0;
  /// How long; for ever if there is no value.
  std::optional<std::chrono::nanoseconds> pause{};
};

/// For ever; for so long that it may be back before the others have given up; until all others have left.
const std::array<std::optional<std::chrono::nanoseconds>, 3> pauses = {std::nullopt, 1200ms, 20s};

std::string text_of(const Stop& stop) {
  const std::string pause =
      stop.pause ? std::to_string(stop.pause->count() / 1000000) + " ms" : std::string("for ever");
  return "rank " + std::to_string(stop.rank) + " at message " + std::to_string(stop.message) + " " + pause;
}

/// What went wrong, if anything.
struct Judgement {
  bool is_reached = true;
  /// Ranks that were never stopped end differently.
  bool differs = false;
  /// A rank that was stopped for a while ends differently from the others.
  bool differs_when_back = false;
  bool names_others = false;
  bool is_late = false;

  [[nodiscard]] bool is_right() const { return !differs && !differs_when_back && !names_others && !is_late; }
};

/// @param interrupts whether each rank leaves its agreement between all steps once the bring-up is over: the
///        next agreement of the session goes on
Judgement judge(const World& world, const std::vector<Stop>& stops, bool interrupts = false) {
  SimulatedJob job(world.size, rounds);
  job.timeouts = timeouts;
  job.paths = world.paths;
  job.tick = 50ms;
  RankSet stopped;
  for (const Stop& stop : stops) {
    job.network.stop_at(stop.rank, stop.message, stop.pause);
    stopped.insert(RankSet(stop.rank));
  }
  job.run([&](SimulatedJob& running) {
    for (SimulatedJob::Member& member : running.members) {
      if (interrupts && member.agreement && member.session->is_over()) member.agreement.reset();
    }
  });

  Judgement result;
  for (const Stop& stop : stops) result.is_reached = result.is_reached && job.network.has_stopped(stop.rank);
  if (!result.is_reached) return result;
  std::optional<Verdict> common;
  for (const bool were_stopped : {false, true}) {
    for (int rank = 0; rank < world.size; ++rank) {
      if (stopped.contains(rank) != were_stopped || !job.network.is_alive(rank)) continue;
      const SimulatedJob::Member& member = job.at(rank);
      if (!common) common = member.end;
      if (*member.end != *common) (were_stopped ? result.differs_when_back : result.differs) = true;
      if (!were_stopped && member.ended_at > timeouts.deadline + 4 * timeouts.grace) result.is_late = true;
      if (member.end->outcome != Outcome::deadline_missed) continue;
      const DeadlineError::Details& details = member.end->deadline;
      if (!details.missing.without(stopped).empty() || !details.complete) result.names_others = true;
    }
  }
  return result;
}

struct Count {
  int tried = 0;
  int wrong = 0;
  int differs = 0;
  int differs_when_back = 0;
  int names_others = 0;
  int is_late = 0;
  std::string first;
};

void add(Count& count, const Judgement& judgement, const World& world, const std::vector<Stop>& stops) {
  ++count.tried;
  if (judgement.is_right()) return;
  ++count.wrong;
  count.differs += judgement.differs ? 1 : 0;
  count.differs_when_back += judgement.differs_when_back ? 1 : 0;
  count.names_others += judgement.names_others ? 1 : 0;
  count.is_late += judgement.is_late ? 1 : 0;
  if (!count.first.empty() && !all_cases()) return;
  count.first += std::to_string(world.size) + " ranks, ";
  for (const Stop& stop : stops) count.first += text_of(stop) + "; ";
  count.first += judgement.differs ? "differs " : "";
  count.first += judgement.differs_when_back ? "differs when back " : "";
  count.first += judgement.names_others ? "names others " : "";
  count.first += judgement.is_late ? "late\n" : "\n";
}

/// All stops of one rank that are reached.
std::vector<Stop> stops_of(const World& world) {
  std::vector<Stop> result;
  for (int rank = 0; rank < world.size; ++rank) {
    for (const auto& pause : pauses) {
      for (int message = 0;; ++message) {
        const Stop stop{rank, message, pause};
        if (!judge(world, {stop}).is_reached) break;
        result.push_back(stop);
      }
    }
  }
  return result;
}

std::string class_of(const Stop& stop) {
  return !stop.pause ? "silent" : "slow";
}

void print(const std::map<std::string, Count>& counts) {
  for (const auto& [name, count] : counts) {
    std::cout << name << ": " << count.tried << " tried, " << count.wrong << " wrong (" << count.differs
              << " differ, " << count.differs_when_back << " differ when back, " << count.names_others
              << " name others, " << count.is_late << " late)\n"
              << count.first;
  }
}

}  // namespace

TEST_CASE("whichever rank stops, at whichever message, all end with one verdict and the right names") {
  std::map<std::string, Count> counts;
  for (int size = 2; size <= 9; ++size) {
    for (const World& world : worlds(size)) {
      for (const Stop& stop : stops_of(world)) {
        add(counts[class_of(stop)], judge(world, {stop}), world, {stop});
      }
    }
  }
  print(counts);
  CHECK(counts["silent"].tried > 1000);
  CHECK(counts["slow"].tried > 2000);
  CHECK(counts["silent"].wrong == 0);
  CHECK(counts["slow"].wrong == 0);
}

TEST_CASE("a rank that leaves its last agreement early goes on with it in the next") {
  Count count;
  for (int size = 2; size <= 7; ++size) {
    for (const World& world : worlds(size)) {
      for (const Stop& stop : stops_of(world)) {
        if (!stop.pause) add(count, judge(world, {stop}, true), world, {stop});
      }
    }
  }
  print({{"silent, interrupted", count}});
  CHECK(count.tried > 300);
  CHECK(count.wrong == 0);
}

TEST_CASE("whichever two ranks stop") {
  std::map<std::string, Count> counts;
  const char* const largest = std::getenv("RANKMESH_LARGEST_WORLD");
  for (int size = 2; size <= (largest != nullptr ? std::atoi(largest) : 4); ++size) {
    for (const World& world : worlds(size)) {
      const std::vector<Stop> stops = stops_of(world);
      for (const Stop& first : stops) {
        for (const Stop& second : stops) {
          if (first.rank >= second.rank) continue;
          const Judgement judgement = judge(world, {first, second});
          if (!judgement.is_reached) continue;
          std::array classes = {class_of(first), class_of(second)};
          std::sort(classes.begin(), classes.end());
          add(counts[classes[0] + " and " + classes[1]], judgement, world, {first, second});
        }
      }
    }
  }
  print(counts);
  CHECK(counts["silent and silent"].wrong == 0);
}

namespace {

/// Who knows that a rank is lost.
enum class Knows { all, first, last };

/// Some ranks are lost from the start, some know it, and another one stops at a message.
/// @return nothing if the stop is not reached; whether all ended alike with the right names
std::optional<bool> goes_on_without(const World& world, const RankSet& lost, Knows who,
                                    std::optional<Stop> stop) {
  SimulatedJob job(world.size);
  job.timeouts = timeouts;
  job.paths = world.paths;
  job.tick = 10ms;
  const RankSet others = lost.complement(world.size);
  const int first = others.ranges().front().first;
  const int last = others.ranges().back().last;
  for (int rank = 0; rank < world.size; ++rank) {
    if (lost.contains(rank)) job.lose(rank);
    if (who == Knows::all || rank == (who == Knows::first ? first : last)) job.at(rank).lost = lost;
  }
  if (stop) job.network.stop_at(stop->rank, stop->message, stop->pause);
  job.run();
  if (stop && !job.network.has_stopped(stop->rank)) return std::nullopt;
  std::optional<Verdict> common;
  for (int rank = 0; rank < world.size; ++rank) {
    if (!job.network.is_alive(rank)) continue;
    const SimulatedJob::Member& member = job.at(rank);
    if (!common) common = member.end;
    if (*member.end != *common) return false;
    // One that all know of costs no deadline. Nobody waits for its report, and a collector not for its vote.
    const auto lost_collectors = lost.without(RankSet::of({{collector_limit, world.size}})).size();
    const auto longest = lost_collectors > 0 ? lost_collectors * timeouts.grace : timeouts.deadline / 10;
    if (!stop && who == Knows::all && member.ended_at > longest) return false;
    const bool was_stopped = stop && stop->rank == rank;
    if (!was_stopped && member.ended_at > timeouts.deadline + 4 * timeouts.grace) return false;
  }
  RankSet gone = lost;
  if (stop) gone.insert(RankSet(stop->rank));
  const DeadlineError::Details& details = common->deadline;
  return common->outcome == Outcome::deadline_missed && lost.without(details.missing).empty() &&
         details.missing.without(gone).empty();
}

}  // namespace

TEST_CASE("ranks that are known to be lost are not waited for, whoever knows it and whoever else stops") {
  int tried = 0;
  int wrong = 0;
  const auto count = [&](const World& world, int lost, Knows who, std::optional<Stop> stop) {
    const std::optional<bool> right = goes_on_without(world, RankSet(lost), who, stop);
    if (!right) return false;
    ++tried;
    if (!*right) {
      ++wrong;
      UNSCOPED_INFO(world.size << " ranks, lost " << lost << ", known to " << static_cast<int>(who)
                               << (stop ? ", stop " + text_of(*stop) : ""));
    }
    return true;
  };
  for (int size = 4; size <= 9; ++size) {
    for (const World& world : worlds(size)) {
      for (int lost = 0; lost < size; ++lost) {
        for (const Knows who : {Knows::all, Knows::first, Knows::last}) {
          count(world, lost, who, {});
          for (int rank = 0; rank < size && size <= 6; ++rank) {
            for (int message = 0; rank != lost && count(world, lost, who, Stop{rank, message, {}});
                 ++message) {
            }
          }
        }
      }
    }
  }
  std::cout << "lost and silent: " << tried << " tried, " << wrong << " wrong\n";
  CHECK(tried > 2000);
  CHECK(wrong == 0);
}

TEST_CASE("several lost ranks hide nobody below them in the tree, whoever else stops") {
  int tried = 0;
  int wrong = 0;
  std::string first;
  for (int size = 5; size <= 9; ++size) {
    for (const World& world : worlds(size)) {
      for (int a = 0; a < size; ++a) {
        for (int b = a; b < size; ++b) {
          const RankSet lost = RankSet::of({{a, a}, {b, b}});
          const auto count = [&](std::optional<Stop> stop) {
            const std::optional<bool> right = goes_on_without(world, lost, Knows::all, stop);
            if (!right) return false;
            ++tried;
            if (!*right) {
              ++wrong;
              first += std::to_string(size) + " ranks, radix " + std::to_string(world.paths.tree_radix) +
                       (world.paths.direct_up_to == 0 ? ", down the tree" : ", directly") + ", lost " +
                       lost.to_string() + (stop ? ", stop " + text_of(*stop) : "") + "\n";
            }
            return true;
          };
          CHECK(count({}));
          for (int rank = 0; rank < size; ++rank) {
            // With one collector left, it may have to decide alone: see docs/design.md.
            if (int{is_collector(a)} + int{a != b && is_collector(b)} + int{is_collector(rank)} > 1) continue;
            for (const auto& pause : pauses) {
              for (int message = 0; !lost.contains(rank) && count(Stop{rank, message, pause}); ++message) {
              }
            }
          }
        }
      }
    }
  }
  std::cout << "two lost and one stopped: " << tried << " tried, " << wrong << " wrong\n" << first;
  CHECK(tried > 2000);
  CHECK(wrong == 0);
}

TEST_CASE("a failure ends the bring-up of all alike, whoever else stops") {
  int tried = 0;
  int wrong = 0;
  std::string first;
  for (int size = 3; size <= 9; ++size) {
    for (const World& world : worlds(size)) {
      for (int failing = 0; failing < size; ++failing) {
        for (int stopping = 0; stopping < size; ++stopping) {
          if (stopping == failing) continue;
          for (int message = 0;; ++message) {
            SimulatedJob job(size);
            job.timeouts = timeouts;
            job.paths = world.paths;
            job.at(failing).work_inside = 500ms;
            job.at(failing).fails = true;
            job.network.stop_at(stopping, message, {});
            job.run();
            if (!job.network.has_stopped(stopping)) break;
            ++tried;
            bool is_right = true;
            for (int rank = 0; rank < size; ++rank) {
              if (rank == stopping) continue;
              const SimulatedJob::Member& member = job.at(rank);
              is_right = is_right && *member.end == *job.at(failing).end &&
                         member.ended_at <= timeouts.deadline + 4 * timeouts.grace;
            }
            const Verdict& verdict = *job.at(failing).end;
            is_right = is_right && verdict.outcome == Outcome::failed && verdict.failures.size() == 1 &&
                       verdict.failures.front().rank == failing;
            if (is_right) continue;
            ++wrong;
            if (wrong > 10) continue;
            first += std::to_string(size) + " ranks, " +
                     (world.paths.direct_up_to == 0 ? "down the tree" : "directly") + ", fails " +
                     std::to_string(failing) + ", stop " + text_of({stopping, message, {}}) + "\n";
          }
        }
      }
    }
  }
  std::cout << "failed and silent: " << tried << " tried, " << wrong << " wrong\n" << first;
  CHECK(tried > 2000);
  CHECK(wrong == 0);
}
