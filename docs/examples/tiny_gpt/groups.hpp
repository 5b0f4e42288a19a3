#pragma once

#include <mpi.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <list>
#include <map>
#include <optional>
#include <rankmesh/mpi.hpp>
#include <rankmesh/topology.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace tiny_gpt {

using Eigen::Index;
using rankmesh::GroupKind;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The operations of a group.
enum Operation { all_reduce, reduce_scatter, all_gather, all_to_all, send_receive, barriers };
inline constexpr std::array operation_names{"all-reduce", "reduce-scatter", "all-gather",
                                            "all-to-all", "send, receive",  "barrier"};
using Cost = Eigen::Array3d;  // calls, bytes, and seconds in MPI (including the wait for other ranks)

/// An operation has not ended in time: perhaps a process is gone.
struct Stuck : std::runtime_error {
  Stuck() : std::runtime_error("an operation did not end in time") {}
};

/// This rank's group of one kind. In a group of one rank, or for a rank in no group, the operations return
/// their input.
///
/// Each operation is started without blocking, and throws `Stuck` if it has not ended after a limit. Its
/// buffers belong to the group, since MPI may write to them later: so a group with an operation that did not
/// end must stay.
class Group {
 public:
  using View = rankmesh::GroupCommunicator<MPI_Comm>;
  /// @param limit in seconds
  explicit Group(View view, double limit = INFINITY) : view_(view), limit_(limit) {}
  /// A group with a duplicate of the communicator. A rebuild may keep the communicators of `mpi::Job`, so
  /// that nothing must be unfinished on them: no other operation is called on them.
  /// @collective over the group
  [[nodiscard]] static Group duplicate_of(View view, double limit) {
    Group group(view, limit);
    if (!view.communicator) return group;
    auto* made = new MPI_Comm(MPI_COMM_NULL);  // stays if the call does not end: MPI may write to it
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Comm_idup(*view.communicator, made, &request);
    group.wait(request);
    group.duplicate_ = rankmesh::mpi::Communicator::from_native_handle(*made);
    group.view_.communicator = *made;
    MPI_Comm_set_errhandler(*made, MPI_ERRORS_RETURN);
    delete made;
    return group;
  }

  [[nodiscard]] int size() const { return view_.communicator ? view_.size : 1; }
  [[nodiscard]] int position() const { return view_.communicator ? view_.position : 0; }
  [[nodiscard]] const Cost& cost(std::size_t operation) const { return costs_.at(operation); }

  /// The indices of this member's part of a sequence that is divided among the members.
  [[nodiscard]] rankmesh::IndexRange shard(std::int64_t length) const {
    return rankmesh::shard({.length = length, .parts = size(), .part = position()});
  }

  /// Waits until all members have called it.
  void barrier() {
    if (!view_.communicator) return;
    static_cast<void>(
        run(barriers, {}, 0, [this](Buffers& b) { return MPI_Ibarrier(view_.native(), &b.request); }));
  }
  /// Replaces each number by its sum, or its maximum, over the members.
  auto& sum(auto&& x) { return reduce(x, MPI_SUM); }
  auto& maximum(auto&& x) { return reduce(x, MPI_MAX); }
  /// Reduce-scatter: sums the vectors of all members and returns this member's part of the sum.
  [[nodiscard]] Vector sum_and_scatter(const Vector& whole) {
    if (!view_.communicator) return whole;
    return run(reduce_scatter, whole, whole.size() / size(), [this](Buffers& b) {
      return MPI_Ireduce_scatter_block(b.in.data(), b.out.data(), count_of(b.out), MPI_DOUBLE, MPI_SUM,
                                       view_.native(), &b.request);
    });
  }
  /// All-gather: the parts of all members, concatenated in their order.
  [[nodiscard]] Vector gather(const Vector& part) {
    if (!view_.communicator) return part;
    return run(all_gather, part, part.size() * size(), [this](Buffers& b) {
      return MPI_Iallgather(b.in.data(), count_of(b.in), MPI_DOUBLE, b.out.data(), count_of(b.in), MPI_DOUBLE,
                            view_.native(), &b.request);
    });
  }
  /// All-to-all: sends block i of the rows to member i and returns the blocks received, in the order of the
  /// members.
  [[nodiscard]] Matrix exchange(const Matrix& blocks) {
    if (!view_.communicator) return blocks;
    const Vector result = run(all_to_all, flat(blocks), blocks.size(), [this](Buffers& b) {
      const int count = count_of(b.in) / size();
      return MPI_Ialltoall(b.in.data(), count, MPI_DOUBLE, b.out.data(), count, MPI_DOUBLE, view_.native(),
                           &b.request);
    });
    return Matrix::Map(result.data(), blocks.rows(), blocks.cols());
  }

  /// The positions of the neighbours; nothing at the ends of the group.
  [[nodiscard]] std::optional<int> next() const { return view_.next(); }
  [[nodiscard]] std::optional<int> previous() const { return view_.previous(); }
  /// Does not wait for the receiver, so that neighbours may send to each other.
  void send(int to, const auto& x) {
    const double start = MPI_Wtime();
    Buffers& b = unfinished_.emplace_back(Buffers{flat(x), {}});
    require(MPI_Isend(b.in.data(), count_of(b.in), MPI_DOUBLE, to, 0, view_.native(), &b.request));
    add_cost(send_receive, b, start);
  }
  void receive(int from, auto& x) {
    const Vector result = run(send_receive, {}, x.size(), [&](Buffers& b) {
      return MPI_Irecv(b.out.data(), count_of(b.out), MPI_DOUBLE, from, 0, view_.native(), &b.request);
    });
    std::copy(result.begin(), result.end(), x.data());
  }
  /// Waits until all sends are complete.
  void finish_sends() {
    for (Buffers& sent : unfinished_) wait(sent.request);
    unfinished_.clear();
  }

 private:
  struct Buffers {
    Vector in, out;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  [[nodiscard]] static int count_of(const auto& x) { return static_cast<int>(x.size()); }
  [[nodiscard]] static Vector flat(const auto& x) { return Vector::Map(x.data(), x.size()); }
  static void require(int code) {
    if (code != MPI_SUCCESS) throw Stuck();
  }
  void wait(MPI_Request& request) const {
    const double until = MPI_Wtime() + limit_;
    for (int done = 0;;) {
      require(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
      if (done != 0) return;
      if (MPI_Wtime() >= until) throw Stuck();
      std::this_thread::yield();
    }
  }
  void add_cost(Operation operation, const Buffers& b, double start) {
    const double bytes = sizeof(double) * static_cast<double>(std::max(b.in.size(), b.out.size()));
    costs_[operation] += Cost(1, bytes, MPI_Wtime() - start);
  }
  /// Calls a function of MPI that starts an operation, waits for its end, and adds its cost to costs_.
  [[nodiscard]] Vector run(Operation operation, Vector in, Index size_of_result, auto begin) {
    const double start = MPI_Wtime();
    const auto b = unfinished_.insert(unfinished_.end(), Buffers{std::move(in), Vector(size_of_result)});
    require(begin(*b));
    wait(b->request);
    add_cost(operation, *b, start);
    Vector result = std::move(b->out);
    unfinished_.erase(b);
    return result;
  }
  auto& reduce(auto& x, MPI_Op operation) {
    if (!view_.communicator) return x;
    const Vector result = run(all_reduce, flat(x), x.size(), [&](Buffers& b) {
      return MPI_Iallreduce(b.in.data(), b.out.data(), count_of(b.in), MPI_DOUBLE, operation, view_.native(),
                            &b.request);
    });
    std::copy(result.begin(), result.end(), x.data());
    return x;
  }

  View view_;
  double limit_;
  std::array<Cost, operation_names.size()> costs_{Cost(0), Cost(0), Cost(0), Cost(0), Cost(0), Cost(0)};
  std::list<Buffers> unfinished_;  // a list, because MPI keeps the addresses
  rankmesh::mpi::Communicator duplicate_;
};

/// This rank's group of each kind, and that of all ranks.
struct Groups {
  std::map<GroupKind, Group> of_kind;
  Group world;

  [[nodiscard]] Group& at(GroupKind kind) { return of_kind.at(kind); }
};

/// @param limit see `Group`
/// @collective over the job
inline Groups groups_of(const rankmesh::mpi::Communicators& made, double limit = INFINITY) {
  Group::View world{.kind = GroupKind::model, .position = made.rank(), .size = made.topology().world_size()};
  if (made.world() != MPI_COMM_NULL) world.communicator = made.world();
  Groups groups{.of_kind = {}, .world = Group::duplicate_of(world, limit)};
  for (const auto& kind : made.topology().kinds()) {
    groups.of_kind.emplace(kind.kind, Group::duplicate_of(made.at(kind.kind), limit));
  }
  return groups;
}

/// The cost of communication as a table: one row for each kind and operation, means over the ranks.
/// @collective over the job
inline std::string cost_table(Groups& groups, double seconds) {
  std::string table = "kind                operation            calls        MiB    seconds   of the time\n";
  for (const auto& [kind, group] : groups.of_kind) {
    for (std::size_t i = 0; i < operation_names.size(); ++i) {
      Cost mean = group.cost(i);
      groups.world.sum(mean) /= groups.world.size();
      if (mean[0] == 0) continue;
      std::array<char, 128> row{};
      std::snprintf(row.data(), row.size(), "%-19s %-14s %11.1f %10.2f %10.3f %11.1f %%\n",
                    std::string(kind.name()).c_str(), operation_names[i], mean[0], mean[1] / (1 << 20),
                    mean[2], 100 * mean[2] / seconds);
      table += row.data();
    }
  }
  return table;
}

}  // namespace tiny_gpt
