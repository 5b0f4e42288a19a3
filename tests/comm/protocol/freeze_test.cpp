// All ranks are frozen together, at every moment of an agreement: a suspended job, a virtual machine that
// moves, a machine on which something else takes all the processors. Nobody could answer meanwhile, so nobody
// may be taken for lost, and all end alike.
#include <array>
#include <iostream>
#include <optional>
#include <string>

#include "rankmesh/comm/agreement.hpp"
#include "small_worlds.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using Outcome = Verdict::Outcome;

namespace {

/// What happens beside the freeze.
enum class Beside { nothing, a_rank_is_lost, a_rank_never_arrives, a_rank_fails };

/// From less than a rank waits for an answer to more than all that it waits for.
constexpr std::array<Transport::Duration, 4> lengths = {400ms, 1200ms, 4s, 60s};

/// In which order the ranks run again.
enum class Order { together, ascending, descending };

/// As if the ranks shared a processor. Others have half a `grace` to answer.
constexpr Transport::Duration between_ranks = 60ms;

std::vector<Transport::Duration> delays(int size, Order order) {
  std::vector<Transport::Duration> result;
  for (int rank = 0; rank < size && order != Order::together; ++rank) {
    result.push_back((order == Order::ascending ? rank : size - 1 - rank) * between_ranks);
  }
  return result;
}

struct Case {
  World world{};
  Beside beside = Beside::nothing;
  /// The rank to which it happens.
  int who = 0;
  int step = 0;
  Transport::Duration length{0};
  Order order = Order::together;
};

/// @return nothing if the job ends before the freeze; what is wrong, or an empty text
std::optional<std::string> judge(const Case& tried) {
  SimulatedJob job(tried.world.size);
  job.timeouts = timeouts;
  job.paths = tried.world.paths;
  job.freeze_at(tried.step, tried.length, delays(tried.world.size, tried.order));
  switch (tried.beside) {
    case Beside::nothing:
      break;
    case Beside::a_rank_is_lost:
      job.lose(tried.who);
      break;
    case Beside::a_rank_never_arrives:
      job.at(tried.who).work_inside = 2h;
      break;
    case Beside::a_rank_fails:
      job.at(tried.who).work_inside = 500ms;
      job.at(tried.who).fails = true;
      break;
  }
  job.run();
  if (job.steps() <= tried.step) return std::nullopt;
  std::optional<Verdict> common;
  for (int rank = 0; rank < tried.world.size; ++rank) {
    if (!job.network.is_alive(rank)) continue;
    const SimulatedJob::Member& member = job.at(rank);
    if (!common) common = member.end;
    if (*member.end != *common) return "ranks end differently";
    if (member.ended_at >
        timeouts.deadline + 4 * timeouts.grace + tried.length + tried.world.size * between_ranks) {
      return "late";
    }
  }
  if (common->outcome == Outcome::failed) {
    return tried.beside == Beside::a_rank_fails && common->failures.size() == 1 ? "" : "failures of others";
  }
  if (common->outcome == Outcome::agreed) return tried.beside == Beside::nothing ? "" : "agreed";
  const DeadlineError::Details& details = common->deadline;
  const RankSet lost = tried.beside == Beside::a_rank_is_lost ? RankSet(tried.who) : RankSet();
  if (details.missing != lost) return "missing " + details.missing.to_string();
  return details.complete ? "" : "incomplete";
}

}  // namespace

TEST_CASE("ranks that are frozen together end alike, and nobody alive is named as missing") {
  int tried = 0;
  int wrong = 0;
  std::string first;
  for (int size = 2; size <= 6; ++size) {
    for (const World& world : worlds(size)) {
      for (const Beside beside :
           {Beside::nothing, Beside::a_rank_is_lost, Beside::a_rank_never_arrives, Beside::a_rank_fails}) {
        for (int who = 0; who < (beside == Beside::nothing ? 1 : size); ++who) {
          for (const Transport::Duration length : lengths) {
            // A prime number of steps apart: every rank is the first to run again in some of them.
            for (int step = 0;; step += 7) {
              const Order order{step % 3};
              const auto problem = judge({world, beside, who, step, length, order});
              if (!problem) break;
              ++tried;
              if (problem->empty()) continue;
              if (++wrong > 10) continue;
              first += std::to_string(size) + " ranks, radix " + std::to_string(world.paths.tree_radix) +
                       (world.paths.direct_up_to == 0 ? ", along the tree" : ", directly") + ", beside " +
                       std::to_string(static_cast<int>(beside)) + " on rank " + std::to_string(who) +
                       ", frozen at step " + std::to_string(step) + ", order " +
                       std::to_string(static_cast<int>(order)) + ", for " +
                       std::to_string(length.count() / 1000000) + " ms: " + *problem + "\n";
            }
          }
        }
      }
    }
  }
  std::cout << "frozen: " << tried << " tried, " << wrong << " wrong\n" << first;
  CHECK(tried > 10000);
  CHECK(wrong == 0);
}
