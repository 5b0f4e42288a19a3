#include "common_exit.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "exit_code.hpp"
#include "job_abort.hpp"
#include "run_in_thread.hpp"

namespace rankmesh::bringup {
namespace {

constexpr const char* exit_field = "exit code";
constexpr const char* no_exit = "none";

/// Ends the wait for a file when the job ends without it.
struct ReadingEnded {};

RankSet ranks_of(const std::vector<RankFailure>& failures) {
  RankSet ranks;
  for (const RankFailure& failure : failures) ranks.insert(RankSet(failure.rank));
  return ranks;
}

CommonExit common_exit(const Disagreement& disagreement) {
  CommonExit common{.code = 0, .first_rank = std::numeric_limits<int>::max()};
  for (const HeldValue& held : disagreement.values) {
    if (held.value == no_exit) continue;
    common.code = std::max(common.code, std::stoi(held.value));
    common.first_rank = std::min(common.first_rank, held.ranks.ranges().front().first);
  }
  return common;
}

}  // namespace

CommandLine read_together(const World& world, AgreementSession& session, std::span<const std::string> args) {
  Transport& transport = session.transport();
  Agreement reading(session, {}, {.step = "reading the command line", .arrives_at_once = false});
  std::optional<CommandLine> line;
  try {
    line = run_in_thread([own = std::vector<std::string>(args.begin(), args.end()),
                          world] { return read_command_line(own, world.rank, world.size); },
                         [&] {
                           if (reading.step()) throw ReadingEnded();
                           transport.idle();
                         });
    reading.arrive();
  } catch (const ReadingEnded&) {
    // The verdict has the reason.
  }
  const bool has_mistake = line && line->exit_code == exit_bad_input;
  const auto [deadline, grace] = session.timeouts();
  const auto last_moment = transport.now() + std::min(grace, deadline / 2);
  while (!reading.step()) {
    if (has_mistake && transport.now() >= last_moment) reading.fail(line->err);
    transport.idle();
  }
  const Verdict& verdict = reading.verdict();
  if (verdict.outcome == Verdict::Outcome::failed) {
    abort_job(world, ranks_of(verdict.failures), verdict.failures.front().what, exit_bad_input);
  }
  verdict.raise();
  return *std::move(line);
}

std::optional<CommonExit> agree_on_exit(AgreementSession& session, std::optional<int> own,
                                        std::vector<AgreementField> fields) {
  fields.insert(fields.begin(), {exit_field, own ? std::to_string(*own) : no_exit});
  try {
    Agreement agreement(session, std::move(fields), {.step = exit_field, .is_last = true});
    finish(agreement, session);
  } catch (const DisagreementError& error) {
    for (const Disagreement& disagreement : error.disagreements()) {
      if (disagreement.field == exit_field) return common_exit(disagreement);
    }
    throw;
  }
  if (!own) return std::nullopt;
  return CommonExit{.code = *own, .first_rank = 0};
}

}  // namespace rankmesh::bringup
