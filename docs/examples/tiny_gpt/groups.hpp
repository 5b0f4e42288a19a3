#pragma once

#include <mpi.h>

#include <Eigen/Core>
#include <array>
#include <cstdio>
#include <list>
#include <map>
#include <optional>
#include <rankmesh/mpi.hpp>
#include <rankmesh/topology.hpp>
#include <string>

namespace tiny_gpt {

using Eigen::Index;
using rankmesh::GroupKind;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The operations of a group.
enum Operation { all_reduce, reduce_scatter, all_gather, all_to_all, send_receive };
inline constexpr std::array operation_names{"all-reduce", "reduce-scatter", "all-gather", "all-to-all",
                                            "send, receive"};
using Cost = Eigen::Array3d;  // calls, bytes, and seconds in MPI (including the wait for other ranks)

/// This rank's group of one kind. In a group of one rank, or for a rank in no group, the operations return
/// their input.
class Group {
 public:
  using View = rankmesh::GroupCommunicator<MPI_Comm>;
  explicit Group(View view) : view_(view) {}

  [[nodiscard]] int size() const { return view_.communicator ? view_.size : 1; }
  [[nodiscard]] int position() const { return view_.communicator ? view_.position : 0; }
  [[nodiscard]] const Cost& cost(std::size_t operation) const { return costs_.at(operation); }

  /// The indices of this member's part of a sequence that is divided among the members.
  [[nodiscard]] rankmesh::IndexRange shard(std::int64_t length) const {
    return rankmesh::shard({.length = length, .parts = size(), .part = position()});
  }

  /// Replaces each number by its sum, or its maximum, over the members.
  auto& sum(auto&& x) { return reduce(x, MPI_SUM); }
  auto& maximum(auto&& x) { return reduce(x, MPI_MAX); }
  /// Reduce-scatter: sums the vectors of all members and returns this member's part of the sum.
  [[nodiscard]] Vector sum_and_scatter(const Vector& whole) {
    if (!view_.communicator) return whole;
    Vector part(whole.size() / size());
    timed(reduce_scatter, whole.size(), MPI_Reduce_scatter_block, whole.data(), part.data(), count_of(part),
          MPI_DOUBLE, MPI_SUM, view_.native());
    return part;
  }
  /// All-gather: the parts of all members, concatenated in their order.
  [[nodiscard]] Vector gather(const Vector& part) {
    if (!view_.communicator) return part;
    Vector whole(part.size() * size());
    timed(all_gather, whole.size(), MPI_Allgather, part.data(), count_of(part), MPI_DOUBLE, whole.data(),
          count_of(part), MPI_DOUBLE, view_.native());
    return whole;
  }
  /// All-to-all: sends block i of the rows to member i and returns the blocks received, in the order of the
  /// members.
  [[nodiscard]] Matrix exchange(const Matrix& blocks) {
    if (!view_.communicator) return blocks;
    Matrix result(blocks.rows(), blocks.cols());
    const int count = count_of(blocks) / size();
    timed(all_to_all, blocks.size(), MPI_Alltoall, blocks.data(), count, MPI_DOUBLE, result.data(), count,
          MPI_DOUBLE, view_.native());
    return result;
  }

  /// The positions of the neighbours; nothing at the ends of the group.
  [[nodiscard]] std::optional<int> next() const { return view_.next(); }
  [[nodiscard]] std::optional<int> previous() const { return view_.previous(); }
  /// Does not wait for the receiver, so that neighbours may send to each other.
  void send(int to, Matrix x) {
    auto& [matrix, request] = sending_.emplace_back(std::move(x), MPI_REQUEST_NULL);
    timed(send_receive, matrix.size(), MPI_Isend, matrix.data(), count_of(matrix), MPI_DOUBLE, to, 0,
          view_.native(), &request);
  }
  void receive(int from, Matrix& x) {
    timed(send_receive, x.size(), MPI_Recv, x.data(), count_of(x), MPI_DOUBLE, from, 0, view_.native(),
          MPI_STATUS_IGNORE);
  }
  /// Waits until all sends are complete.
  void finish_sends() {
    for (auto& [matrix, request] : sending_) MPI_Wait(&request, MPI_STATUS_IGNORE);
    sending_.clear();
  }

 private:
  [[nodiscard]] static int count_of(const auto& x) { return static_cast<int>(x.size()); }
  /// Calls an MPI function and adds its cost to costs_.
  void timed(Operation operation, Index numbers, auto function, auto... arguments) {
    const double start = MPI_Wtime();
    function(arguments...);
    costs_[operation] += Cost(1, static_cast<double>(numbers) * sizeof(double), MPI_Wtime() - start);
  }
  auto& reduce(auto& x, MPI_Op operation) {
    if (!view_.communicator) return x;
    timed(all_reduce, x.size(), MPI_Allreduce, MPI_IN_PLACE, x.data(), count_of(x), MPI_DOUBLE, operation,
          view_.native());
    return x;
  }

  View view_;
  std::array<Cost, operation_names.size()> costs_{Cost(0), Cost(0), Cost(0), Cost(0), Cost(0)};
  std::list<std::pair<Matrix, MPI_Request>> sending_;  // a list, because MPI keeps the addresses
};

/// This rank's group of each kind.
using Groups = std::map<GroupKind, Group>;

inline Groups groups_of(const rankmesh::mpi::Communicators& made) {
  Groups groups;
  for (const auto& kind : made.topology().kinds()) groups.emplace(kind.kind, made.at(kind.kind));
  return groups;
}

/// The cost of communication as a table: one row for each kind and operation, means over the ranks.
/// @collective over the job
inline std::string cost_table(const Groups& groups, MPI_Comm world, int ranks, double seconds) {
  std::string table = "kind                operation            calls        MiB    seconds   of the time\n";
  for (const auto& [kind, group] : groups) {
    for (std::size_t i = 0; i < operation_names.size(); ++i) {
      Cost mean = group.cost(i);
      MPI_Allreduce(MPI_IN_PLACE, mean.data(), 3, MPI_DOUBLE, MPI_SUM, world);
      mean /= ranks;
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
