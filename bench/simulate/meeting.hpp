#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "calls.hpp"
#include "network.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/job_control.hpp"

namespace rankmesh::simulate {

/// One meeting of the processes of a job, some of which are lost: the agreement with which `JobControl`
/// begins and ends a rebuild. The others come at the same time. Unlike in a bring-up, every process keeps its
/// state, about 2 KB.
class Meeting {
 public:
  /// What they meet for.
  struct Purpose {
    std::string step{};
    /// What the processes compare.
    std::vector<AgreementField> fields{};
    /// Positions of processes that never come.
    RankSet lost{};
    /// Whether all others know them from the start; if not, nobody does.
    bool lost_are_known = true;
    /// So many of the last processes come when the others wake them.
    int idle = 0;
  };

  Meeting(int processes, Purpose purpose, const Costs& costs, Polling polling = Polling::busy);

  /// Runs the meeting on all processes.
  /// @throws std::logic_error if they do not end with the verdict that names the lost ones
  void run();

  /// When the last process had ended it.
  [[nodiscard]] Time finished_at() const noexcept { return finished_at_; }
  [[nodiscard]] const Counts& counts(int process) { return network_.at(process).counts(); }
  [[nodiscard]] std::int64_t events() const noexcept { return network_.events(); }

 private:
  struct Process {
    std::unique_ptr<AgreementSession> session{};
    std::unique_ptr<Agreement> agreement{};
    Time began{};
    /// When it is woken next; nothing if no time is set.
    std::optional<Time> wakes_at{};
    bool has_finished = false;
  };

  [[nodiscard]] bool is_idle(int process) const noexcept {
    return process >= network_.size() - purpose_.idle;
  }
  /// Begins, unless the process is idle and nobody has woken it yet.
  [[nodiscard]] bool begins(int process, Network::Cause cause);
  void look(int process, Network::Cause cause, Time at);
  /// When a process has to look at the clock, if no message comes before.
  [[nodiscard]] std::optional<Time> next_look(int process);
  void require_right_verdict(const Verdict& verdict) const;

  Purpose purpose_;
  Network network_;
  std::vector<Process> processes_;
  Time finished_at_{};
  std::int64_t finished_ = 0;
};

}  // namespace rankmesh::simulate
