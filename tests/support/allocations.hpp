#pragma once

namespace rankmesh::tests {

// For programs that link rankmesh_test_allocations, which replaces `operator new`.

/// The number of allocations that this process has made with `operator new`.
long allocation_count() noexcept;

/// The bytes that this process has asked `operator new` for, also those that are free again.
long long allocated_bytes() noexcept;

/// Makes one allocation with `operator new` fail with `std::bad_alloc`: the nth that this thread makes from
/// now on, starting from 1; none if 0. Returns the number of the one that was to fail until now; 0 if it has
/// failed, and if there was none.
int fail_allocation(int nth) noexcept;

}  // namespace rankmesh::tests
