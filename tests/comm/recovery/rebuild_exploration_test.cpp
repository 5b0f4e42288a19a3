// A process is lost, and in the rebuild that follows every other process is stopped at every message that it
// sends or takes, for ever or for a while. All running processes must end the rebuild in time and with the
// same outcome.
#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/job_control.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

namespace {

constexpr Timeouts timeouts{.deadline = 2s, .grace = 500ms};
/// What a bring-up may take: its deadline, and four `grace` to settle its error.
constexpr auto attempt_limit = 4s;
constexpr auto meeting_limit = timeouts.deadline + 4 * timeouts.grace;
constexpr auto tick = 50ms;

/// What tells one session from another.
using SessionId = std::uint64_t;

/// One process: its thread, which runs only when the scheduler lets it, and the messages that have arrived
/// for sessions that it has not begun.
struct Process {
  std::binary_semaphore resume{0};
  std::binary_semaphore yielded{0};
  std::map<std::vector<int>, std::uint32_t> sessions{};
  std::map<std::pair<SessionId, Channel>, std::deque<Message>> early{};
  bool has_ended = false;
  /// How it ended, unless it died.
  std::string outcome{};
  std::optional<Rebuilt> rebuilt{};
  bool is_declared_lost = false;
  Transport::Duration ended_at{0};
  std::thread thread{};
};

/// A job over a simulated network. Each process runs in a thread, one at a time.
class SimulatedRebuild {
 public:
  SimulatedRebuild(const ParallelConfig& config, int count)
      : network(count),
        first_(first_generation(config, count)) {
    for (int process = 0; process < count; ++process) processes.push_back(std::make_unique<Process>());
    network.keep_messages_to_the_dead();
  }

  /// Rebuilds on every living process.
  void run(const RebuildOptions& options) {
    for (int process = 0; process < network.size(); ++process) {
      at(process).has_ended = !network.is_alive(process);
      if (network.is_alive(process))
        at(process).thread = std::thread([&, process] { live(process, options); });
    }
    for (bool running = true; running; network.advance(tick)) {
      running = false;
      for (int process = 0; process < network.size(); ++process) {
        Process& own = at(process);
        if (own.has_ended) continue;
        running = true;
        if (!network.is_running(process)) continue;
        own.resume.release();
        own.yielded.acquire();
      }
    }
    for (const auto& process : processes) {
      if (process->thread.joinable()) process->thread.join();
    }
  }

  [[nodiscard]] Process& at(int process) { return *processes[static_cast<std::size_t>(process)]; }

  SimulatedNetwork network;
  std::vector<std::unique_ptr<Process>> processes{};

 private:
  /// The messages of one session among some processes.
  class Session final : public Transport {
   public:
    Session(SimulatedRebuild& job, int process, const std::vector<int>& members)
        : job_(job),
          process_(process),
          members_(members),
          id_(id_of(members, job.at(process).sessions[members]++)) {}

    [[nodiscard]] int rank() const noexcept override { return position_of(process_); }
    [[nodiscard]] int size() const noexcept override { return static_cast<int>(members_.size()); }
    [[nodiscard]] std::span<const int> rank_names() const& noexcept override { return members_; }
    [[nodiscard]] bool sends_done(Channel channel) override { return below().sends_done(channel); }
    [[nodiscard]] Duration now() override { return below().now(); }
    void idle() override {
      job_.at(process_).yielded.release();
      job_.at(process_).resume.acquire();
    }

    void send(int to, Channel channel, std::span<const std::byte> bytes) override {
      Bytes whole(sizeof id_);
      std::memcpy(whole.data(), &id_, sizeof id_);
      whole.insert(whole.end(), bytes.begin(), bytes.end());
      below().send(members_[static_cast<std::size_t>(to)], channel, whole);
      rest_while_stopped();
    }

    [[nodiscard]] std::optional<Message> receive(Channel channel) override {
      auto& early = job_.at(process_).early;
      if (auto& mine = early[{id_, channel}]; !mine.empty()) {
        Message message = std::move(mine.front());
        mine.pop_front();
        return message;
      }
      while (auto message = below().receive(channel)) {
        SessionId id = 0;
        std::memcpy(&id, message->bytes.data(), sizeof id);
        message->bytes.erase(message->bytes.begin(), message->bytes.begin() + sizeof id);
        if (id == id_) {
          message->from = position_of(message->from);
          return message;
        }
        early[{id, channel}].push_back({position_of(message->from), std::move(message->bytes)});
      }
      if (job_.network.is_running(process_)) return std::nullopt;
      rest_while_stopped();
      return receive(channel);
    }

   private:
    /// A process that is stopped for a while goes on where it was, and finds what has arrived meanwhile.
    void rest_while_stopped() {
      if (!job_.network.is_running(process_)) idle();
    }
    [[nodiscard]] Transport& below() const { return job_.network.transport(process_); }
    [[nodiscard]] int position_of(int process) const noexcept {
      return static_cast<int>(std::find(members_.begin(), members_.end(), process) - members_.begin());
    }
    static SessionId id_of(const std::vector<int>& members, std::uint32_t ordinal) {
      SessionId id = 0;
      for (const int member : members) id = id * 31 + static_cast<SessionId>(member) + 1;
      return id << 8 | ordinal;
    }

    SimulatedRebuild& job_;
    int process_;
    std::vector<int> members_;
    SessionId id_;
  };

  /// What a bring-up of the layout is to the others: an agreement, and a wait for all at its end.
  AttemptOutcome bring_up(int process, const NextGeneration& next) {
    if (!next.generation.rank_of(process)) return {};
    return outcome_of([&] {
      Session transport(*this, process, next.generation.process_of_rank);
      AgreementSession session(transport, timeouts);
      Agreement agreement(session, {}, {.step = "agreement"});
      while (!agreement.step()) transport.idle();
      agreement.verdict().raise();
      arrive(session, {.step = "complete", .is_last = true}, std::nullopt);
    });
  }

  void live(int process, const RebuildOptions& options) {
    Process& own = at(process);
    own.resume.acquire();
    try {
      JobControl control(
          [&](const std::vector<int>& members) {
            return JobControl::Connection{.transport = std::make_unique<Session>(*this, process, members)};
          },
          process, first_);
      own.rebuilt = control.rebuild(options, attempt_limit, [&](const NextGeneration& next, const Attempt&) {
        return bring_up(process, next);
      });
      own.outcome = "lost " + own.rebuilt->lost.to_string() + ", processes";
      for (const int member : control.generation().process_of_rank)
        own.outcome += " " + std::to_string(member);
    } catch (const DeclaredLostError&) {
      own.is_declared_lost = true;
    } catch (const RankDied&) {
    } catch (const std::exception& error) {
      own.outcome = error.what();
    }
    own.ended_at = network.now();
    own.has_ended = true;
    own.yielded.release();
  }

  Generation first_;
};

struct Story {
  ParallelConfig config{};
  int processes = 0;
  /// Who is lost before.
  int lost = 0;
  /// Whether the others know it.
  bool is_known = false;
};

struct ProcessStop {
  int process = 0;
  int message = 0;
  std::optional<Transport::Duration> pause{};
};

/// What is wrong with how a story ended; nothing if the stop is not reached.
std::optional<std::vector<std::string>> wrong_with(const Story& story, const ProcessStop& stop) {
  SimulatedRebuild job(story.config, story.processes);
  job.network.kill(story.lost);
  job.network.stop_at(stop.process, stop.message, stop.pause);
  job.run({.lost = story.is_known ? RankSet(story.lost) : RankSet(), .timeouts = timeouts});
  if (!job.network.has_stopped(stop.process)) return std::nullopt;
  std::vector<std::string> wrong;
  std::optional<std::string> common;
  for (int process = 0; process < story.processes; ++process) {
    const Process& own = job.at(process);
    if (!job.network.is_alive(process)) continue;
    const std::string name = "process " + std::to_string(process);
    // Who was stopped for long was declared lost, or has the outcome of the others.
    if (own.is_declared_lost) {
      if (process != stop.process) wrong.push_back(name + " is declared lost");
      continue;
    }
    if (!common) common = own.outcome;
    if (own.outcome != *common) wrong.push_back(name + ": " + own.outcome + ", others: " + *common);
    if (process != stop.process && own.ended_at > 3 * meeting_limit + 2 * (attempt_limit + meeting_limit)) {
      wrong.push_back(name + " ends after " + std::to_string(own.ended_at.count() / 1000000) + " ms");
    }
    if (!own.rebuilt) {
      wrong.push_back(name + ": " + own.outcome);
      continue;
    }
    if (!own.rebuilt->lost.contains(story.lost)) wrong.push_back(name + ": the lost process is not named");
    if (!own.rebuilt->lost.without(RankSet(story.lost)).without(RankSet(stop.process)).empty()) {
      wrong.push_back(name + ": lost " + own.rebuilt->lost.to_string());
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE(
    "whoever stops at whichever message of a rebuild, all others end it in time with the same outcome") {
  const bool all = all_cases();
  const ParallelConfig spared{.world_size = 4, .tensor = 2};
  const ParallelConfig replicas{.world_size = 6, .tensor = 2};
  std::vector<Story> stories{{spared, 6, 1, true}, {replicas, 6, 3, true}};
  if (all) {
    for (const int lost : {0, 1, 2, 4, 5}) {
      for (const bool is_known : {false, true}) {
        stories.push_back({spared, 6, lost, is_known});
        stories.push_back({replicas, 6, lost, is_known});
      }
    }
  }
  std::vector<std::optional<Transport::Duration>> pauses{std::nullopt, 60s};
  if (all) pauses.emplace_back(1200ms);
  int tried = 0;
  for (const Story& story : stories) {
    for (int process = 0; process < story.processes; ++process) {
      if (process == story.lost) continue;
      for (const auto& pause : pauses) {
        for (int message = 0;; ++message) {
          const auto wrong = wrong_with(story, {process, message, pause});
          if (!wrong) break;
          ++tried;
          INFO(story.processes << " processes, " << story.config.world_size << " ranks, lost " << story.lost
                               << (story.is_known ? " (known)" : "") << "; process " << process
                               << " stops at message " << message
                               << (pause ? " for " + std::to_string(pause->count() / 1000000) + " ms" : ""));
          for (const std::string& what : *wrong) FAIL_CHECK(what);
        }
      }
    }
  }
  CHECK(tried > 400);
  if (all) std::cout << tried << " cases\n";
}
