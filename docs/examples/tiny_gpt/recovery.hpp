#pragma once

#include <deque>
#include <filesystem>

#include "training.hpp"

namespace tiny_gpt {

/// The state of the whole model in a file, which any layout can read.
class Checkpoint {
 public:
  /// @param path may be empty: then there is none
  explicit Checkpoint(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] bool exists() const { return std::filesystem::exists(path_); }
  /// @collective over the job
  void write(Training& training, Group& world) const {
    const Vector numbers = training.whole_state();
    if (path_.empty() || world.position() != 0) return;
    // The process may die while it writes: the old file is replaced when the new one is complete.
    const std::string unfinished = path_ + ".part";
    std::ofstream(unfinished, std::ios::binary)
        .write(reinterpret_cast<const char*>(numbers.data()),
               static_cast<std::streamsize>(sizeof(double)) * numbers.size());
    std::filesystem::rename(unfinished, path_);
  }
  void read(Training& training) const {
    Vector numbers(training.size_of_whole_state());
    const auto bytes = static_cast<std::streamsize>(sizeof(double)) * numbers.size();
    std::ifstream file(path_, std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(numbers.data()), bytes) || file.peek() != EOF) {
      throw std::runtime_error(path_ + " is no checkpoint of a model of this size");
    }
    training.set_whole_state(numbers);
  }

 private:
  std::string path_;
};

/// What a process has that can be restored: its state after the last step, and after the one before. A
/// process may have ended a step that another one has not, but never two.
using History = std::deque<Vector>;

/// What a rebuild changed.
struct Change {
  rankmesh::Generation before;
  rankmesh::Rebuilt rebuilt;
};

/// For each rank, the rank that sends it its state, as both are now; itself if it has it. Nothing if no
/// process has it.
/// @param has_state by rank
inline std::optional<std::vector<int>> senders(const Change& change, const rankmesh::Generation& now,
                                               const std::vector<bool>& has_state) {
  std::vector<int> sender(has_state.size());
  for (std::size_t rank = 0; rank < sender.size(); ++rank) {
    sender[rank] = has_state[rank] ? static_cast<int>(rank) : -1;
  }
  for (const rankmesh::StateSource& source : change.rebuilt.survival.sources) {
    for (const int old_rank : source.dense) {
      const int holder = change.before.process_of_rank[static_cast<std::size_t>(old_rank)];
      const auto from = now.rank_of(holder);
      if (from && has_state[static_cast<std::size_t>(*from)]) {
        sender[static_cast<std::size_t>(source.rank)] = *from;
        break;
      }
    }
  }
  if (std::count(sender.begin(), sender.end(), -1) > 0) return std::nullopt;
  return sender;
}

/// Gives every rank the state of one step: its own, or that of a rank with the same weights, or that of the
/// checkpoint.
/// @param history of this process; empty if it has no state for its rank
/// @collective over the job
/// @throws std::runtime_error on every rank if a part of the state is lost, and there is no checkpoint
inline void restore(Training& training, History& history, const Change& change,
                    const rankmesh::Generation& now, Group& world, const Checkpoint& checkpoint) {
  // The last step that all have ended. Who has the state of it?
  Vector steps = Vector::Constant(2, INFINITY);  // the oldest and the newest step of this process
  if (!history.empty()) steps << history.front()[0], history.back()[0];
  const Vector all_steps = world.gather(steps);
  double step = INFINITY;
  for (Index i = 1; i < all_steps.size(); i += 2) step = std::min(step, all_steps[i]);
  std::vector<bool> has_state;
  for (Index i = 0; i < all_steps.size(); i += 2) {
    has_state.push_back(std::isfinite(step) && all_steps[i] <= step);
  }

  const rankmesh::Survival& survival = change.rebuilt.survival;
  // Each rank alone has its part of a distributed optimizer.
  const bool is_torn =
      now.config.distributed_optimizer && (survival.optimizer_is_redivided || !survival.sources.empty());
  if (const auto sender = senders(change, now, has_state); sender && !is_torn) {
    const int own = world.position();
    if (has_state[static_cast<std::size_t>(own)]) {
      const auto at = [&](const Vector& state) { return state[0] == step; };
      training.set_state(*std::find_if(history.begin(), history.end(), at));
    }
    Vector state = training.state();
    for (int rank = 0; rank < world.size(); ++rank) {
      if (rank != own && (*sender)[static_cast<std::size_t>(rank)] == own) world.send(rank, state);
    }
    if (const int from = (*sender)[static_cast<std::size_t>(own)]; from != own) {
      world.receive(from, state);
      training.set_state(state);
    }
    world.finish_sends();
  } else {
    history.clear();
    if (!checkpoint.exists()) {
      throw std::runtime_error("a part of the state is lost with all processes that had it" +
                               std::string(now.config.distributed_optimizer
                                               ? " (each has its own part of the distributed optimizer)"
                                               : "") +
                               ", and there is no checkpoint; start the job with --checkpoint FILE "
                               "--checkpoint-every STEPS");
    }
    checkpoint.read(training);
  }
  history = {training.state()};
}

}  // namespace tiny_gpt
