#pragma once

#include <nccl.h>

#include <cstdint>
#include <functional>
#include <span>

#include "communicator.hpp"
#include "faults.hpp"
#include "rendezvous.hpp"

/// @file
/// What the calls that create communicators have in common.

namespace rankmesh::nccl_double {

/// The first exchange of a communicator: checks that each rank has its own GPU.
[[nodiscard]] ncclResult_t shake_hands(ncclComm& communicator, int cancel);

/// Reads the name, which is memory of the caller that must outlive the communicator: AddressSanitizer reports
/// it if the caller has freed it.
void read_name(const ncclComm& communicator);

/// Stores a handle in the caller's variable, which another thread may read at the same time.
void hand_out(ncclComm_t communicator, ncclComm_t* result);

/// Why ranks of a communicator meet again.
enum class Meeting { restored, shrink, grow };

/// The name of a meeting of ranks of a communicator that give the same numbers.
[[nodiscard]] std::uint64_t meeting_of(const ncclComm& communicator, Meeting meeting,
                                       std::span<const int> numbers);

/// Connects the ranks of a communicator again if its operations were cancelled. All ranks must call this.
[[nodiscard]] ncclResult_t restore_star(ncclComm& communicator);

/// A call that makes a communicator from the members of another one.
struct ChildRequest {
  ncclComm_t parent;
  ncclComm_t* result;
  const ncclConfig_t* config;  ///< null: that of the parent
  bool takes_part = true;      ///< whether this rank gets a child
  Fault fault{};
};

/// Makes the connections of a child.
using Connect = std::function<ncclResult_t(Star& child)>;

/// Checks that the parent can have a child, and starts the work. The caller holds a Use of the parent.
[[nodiscard]] ncclResult_t launch_child(const ChildRequest& request, Connect connect);

}  // namespace rankmesh::nccl_double
